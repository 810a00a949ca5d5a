package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize"
	"github.com/shirou/gopsutil/v3/disk"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/status"
)

// spool looks whether samples can wait on the disk. It leaves nothing there: a directory or a lock made by root would be in the
// way of a collector that runs as another user.
func (c *checker) spool(ctx context.Context) Result {
	dir := c.Config.SpoolDir
	const hint = "give the collector's user a directory with --spool-dir; without a disk samples wait in memory, and a restart loses them"
	there, err := nearest(dir)
	if err == nil {
		err = tryWrite(there)
	}
	if err != nil {
		return failure(err, hint)
	}
	text := dir + " can be written"
	if there != dir {
		text = dir + " will be made"
	}
	running, err := status.Fetch(ctx, status.Socket(dir))
	switch {
	case err == nil:
		text += fmt.Sprintf(", a collector runs there (pid %d)", running.PID)
	case errors.Is(err, status.ErrPathTooLong):
		return Result{Outcome: Warning, Text: err.Error(), Hint: "without the socket edge status does not work; samples are kept and delivered"}
	case !errors.Is(err, status.ErrNotRunning):
		return Result{Outcome: Warning, Text: err.Error(), Hint: "edge check as the collector's user sees more"}
	}
	usage, err := disk.UsageWithContext(ctx, there)
	if err != nil {
		return failure(fmt.Errorf("free space of %s: %w", there, err), hint)
	}
	if need := max(0, c.Config.SpoolBytes-running.Spool.Bytes); usage.Free < uint64(need) {
		return Result{
			Outcome: Warning, Text: fmt.Sprintf("%s, but only %s are free for a spool of up to %s", text, humanize.IBytes(usage.Free),
				humanize.IBytes(uint64(c.Config.SpoolBytes))), Hint: "make room, or lower --spool-max",
		}
	}
	return Result{Outcome: OK, Text: text}
}

// nearest returns the directory, or where it is not there the nearest one above it that is.
func nearest(dir string) (string, error) {
	for {
		info, err := os.Stat(dir)
		switch {
		case err == nil && !info.IsDir():
			return "", fmt.Errorf("%s is no directory", dir)
		case err == nil:
			return dir, nil
		case !errors.Is(err, fs.ErrNotExist) || filepath.Dir(dir) == dir:
			return "", err
		}
		dir = filepath.Dir(dir)
	}
}

// tryWrite writes a file, makes it durable and removes it.
func tryWrite(dir string) error {
	f, err := os.CreateTemp(dir, ".edge-check-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString("edge check\n")
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

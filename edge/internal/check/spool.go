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

// spool checks that samples can wait on the disk. It leaves no file there: a collector that runs as another user could not use a
// directory or lock that root made.
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
		text = dir + " does not exist; a collector will make it"
	}
	running, err := status.Fetch(ctx, status.Socket(dir))
	switch {
	case err == nil:
		text += fmt.Sprintf("; a collector is running there (pid %d)", running.PID)
	case errors.Is(err, status.ErrNoSocket):
		return Result{Outcome: Warning, Text: err.Error(), Hint: "without the socket edge status does not work; samples are kept and delivered"}
	case !errors.Is(err, status.ErrNotRunning):
		return Result{Outcome: Warning, Text: err.Error(), Hint: "run edge check as the collector's user"}
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

// nearest returns the directory, or if it does not exist the nearest existing one above it.
func nearest(dir string) (string, error) {
	for {
		info, err := os.Stat(dir)
		switch {
		case err == nil && !info.IsDir():
			return "", fmt.Errorf("%s is not a directory", dir)
		case err == nil:
			return dir, nil
		case !errors.Is(err, fs.ErrNotExist) || filepath.Dir(dir) == dir:
			return "", err
		}
		dir = filepath.Dir(dir)
	}
}

// tryWrite writes a file, syncs it and removes it.
func tryWrite(dir string) error {
	f, err := os.CreateTemp(dir, ".edge-check-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString("edge check\n")
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

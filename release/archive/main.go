// Command archive packs files into a .tar.gz whose bytes depend only on the files: all belong to root and have the date
// SOURCE_DATE_EPOCH, in Unix seconds. The tar of each platform has other flags for that.
//
// Usage: archive OUT.tar.gz FILE…
package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Getenv("SOURCE_DATE_EPOCH")); err != nil {
		fmt.Fprintf(os.Stderr, "archive: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string, epoch string) error {
	if len(args) < 2 {
		return errors.New("want the archive's name and at least one file")
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH is %q, want Unix seconds", epoch)
	}
	if err := os.MkdirAll(filepath.Dir(args[0]), 0o755); err != nil {
		return err
	}
	out, err := os.Create(args[0])
	if err != nil {
		return err
	}
	if err := write(out, args[1:], time.Unix(seconds, 0).UTC()); err != nil {
		return errors.Join(fmt.Errorf("pack %s: %w", args[0], err), out.Close(), os.Remove(args[0]))
	}
	return out.Close()
}

func write(out io.Writer, files []string, date time.Time) error {
	packed, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	w := tar.NewWriter(packed)
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		mode := int64(0o644)
		if info.Mode()&0o100 != 0 {
			mode = 0o755
		}
		header := tar.Header{
			Typeflag: tar.TypeReg, Name: filepath.Base(name), Mode: mode, Size: int64(len(body)), ModTime: date,
			Uname: "root", Gname: "root", Format: tar.FormatPAX,
		}
		if err := w.WriteHeader(&header); err != nil {
			return err
		}
		if _, err := w.Write(body); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), packed.Close())
}

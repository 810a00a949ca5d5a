package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// newSpool returns the inspector of the spool's files. It changes nothing and needs no lock.
func newSpool(environ []string, stdout io.Writer) *cobra.Command {
	parent := &cobra.Command{
		Use:   "spool",
		Short: "Look at the samples that wait on disk",
		Long:  "Look at the spool, also while a collector uses it. This changes nothing.",
	}
	add := func(use, short string, run func(cmd *cobra.Command, dir spool.Dir) error) *cobra.Command {
		cmd := &cobra.Command{Use: use, Short: short, Args: program.NoArgs[*cobra.Command]}
		source := config.Declare(cmd, config.ForSpool, environ)
		cmd.RunE = configured(source, func(cmd *cobra.Command, c config.Config) error {
			if _, err := os.Stat(c.SpoolDir); errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("there is no spool at %s; name another with --spool-dir", c.SpoolDir)
			}
			return run(cmd, spool.Dir(c.SpoolDir))
		})
		parent.AddCommand(cmd)
		return cmd
	}
	add("ls", "List the segments", func(_ *cobra.Command, dir spool.Dir) error { return listSpool(dir, stdout) })
	cat := add("cat", "Print the samples that wait, as JSON lines", func(cmd *cobra.Command, dir spool.Dir) error {
		all, err := cmd.Flags().GetBool("all")
		if err != nil {
			return err
		}
		return catSpool(dir, stdout, all)
	})
	cat.Flags().Bool("all", false, "print delivered samples too, if they are still in the files")
	add("verify", "Check every segment; exit code 1 if one is damaged, cannot be read, or has another format version",
		func(_ *cobra.Command, dir spool.Dir) error { return verifySpool(dir, stdout) })
	return parent
}

func listSpool(dir spool.Dir, stdout io.Writer) error {
	segments, err := spool.Inspect(dir, nil)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SEGMENT\tFORMAT\tCREATED\tSIZE\tSAMPLES\tWAITING\tSTATE")
	var bytes int64
	waiting := 0
	for _, s := range segments {
		created := "-"
		if !s.Created.IsZero() {
			created = s.Created.UTC().Format(time.RFC3339)
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%d\t%d\t%s\n",
			s.Name, s.Version, created, humanize.IBytes(uint64(s.Bytes)), s.Lines, s.Waiting, describeSegment(s))
		bytes += s.Bytes
		waiting += s.Waiting
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%d samples wait in %s\n", waiting, humanize.IBytes(uint64(bytes)))
	return err
}

// describeSegment says what is wrong with a segment.
func describeSegment(s spool.Segment) string {
	var said []string
	add := func(yes bool, format string, args ...any) {
		if yes {
			said = append(said, fmt.Sprintf(format, args...))
		}
	}
	add(s.Err != nil, "cannot be read: %v", s.Err)
	add(s.Aside, "set aside because of damage; its samples are counted as damaged")
	if !s.Aside {
		add(s.Header != nil, "%v", s.Header)
		add(s.Unreadable > 0, "lost samples: %d", s.Unreadable)
		add(s.Places > 0, "damaged places: %d", s.Places)
		add(s.Torn > 0 && s.Unreadable == 0, "ends in %d bytes of an unfinished entry", s.Torn)
	}
	if len(said) == 0 {
		return "ok"
	}
	return strings.Join(said, "; ")
}

func catSpool(dir spool.Dir, stdout io.Writer, all bool) error {
	out := bufio.NewWriter(stdout)
	_, err := spool.Inspect(dir, func(line []byte, waiting bool) error {
		if !waiting && !all {
			return nil
		}
		_, err := fmt.Fprintf(out, "%s\n", line)
		return err
	})
	return errors.Join(err, out.Flush())
}

func verifySpool(dir spool.Dir, stdout io.Writer) error {
	segments, err := spool.Inspect(dir, nil)
	if err != nil {
		return err
	}
	bad, lost := 0, 0
	for _, s := range segments {
		if s.Err != nil || s.Damaged() {
			bad++
		}
		lost += s.Unreadable
		if _, err := fmt.Fprintf(stdout, "%s: %s\n", s.Name, describeSegment(s)); err != nil {
			return err
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d segments are damaged, unreadable or of another version; lost samples: %d", bad, len(segments), lost)
	}
	return nil
}

package delivery

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/convert"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/template"
)

// deliver writes a window's objects. They are written under staging names first; then one transaction of the journal takes
// the records out and notes the moves; then the files are moved. A process that dies in between either delivers all over
// again from the journal, or only finishes the moves: never two objects for one record.
//
// Firehose retries a write that fails forever, and so does this; the records stay in the journal meanwhile.
func (e *Engine) deliver(ctx context.Context, w *window) error {
	var d *delivery
	err := e.untilDone(ctx, func() (err error) {
		d, err = e.write(w)
		return err
	})
	if err != nil {
		return err
	}
	// Committed: from here on only the moves are repeated.
	if err := e.untilDone(ctx, func() error { return e.finishMoves(d.moves) }); err != nil {
		return err
	}
	e.count(func(s *Stats) {
		s.Rows += d.rows
		s.Objects += d.objects
		s.FailedRecords += int64(len(d.failures))
		s.ErrorObjects += int64(len(d.moves)) - d.objects
		if d.objects > 0 {
			s.LastObject = d.moves[0].Final
		}
	})
	return nil
}

// Waits between attempts to write objects.
const (
	writeBackoff    = time.Second
	writeBackoffCap = time.Minute
)

// untilDone repeats a step of a delivery until it succeeds or ctx ends.
func (e *Engine) untilDone(ctx context.Context, step func() error) error {
	for wait := writeBackoff; ; wait = min(2*wait, writeBackoffCap) {
		err := step()
		if err == nil {
			return nil
		}
		e.log.LogAttrs(ctx, slog.LevelError, "delivery failed, will try again", slog.String("stream", e.stream.Name),
			slog.Any("error", err), slog.Duration("wait", wait))
		e.count(func(s *Stats) { s.DeliveryErrors++ })
		if !sleep(ctx, wait) {
			return ctx.Err()
		}
	}
}

// write stages a window's objects and commits them.
func (e *Engine) write(w *window) (*delivery, error) {
	d := &delivery{Engine: e, failures: slices.Clone(w.failures)}
	for prefix, p := range w.partitions {
		if err := d.object(prefix, p); err != nil {
			return nil, errors.Join(err, d.discard())
		}
	}
	if err := d.errorObjects(); err != nil {
		return nil, errors.Join(err, d.discard())
	}
	err := e.journal.Commit(w.upto, d.moves)
	switch {
	case errors.Is(err, journal.ErrBroken): // the next start may find it committed, and needs the files then
		return nil, err
	case err != nil:
		return nil, errors.Join(err, d.discard())
	}
	return d, nil
}

// delivery is the work on one window.
type delivery struct {
	*Engine
	moves    []journal.Move
	failures []failed
	rows     int64
	objects  int64
}

// discard removes staged files of a delivery that is given up.
func (d *delivery) discard() error {
	var errs []error
	for _, m := range d.moves {
		if err := os.Remove(filepath.Join(d.staging, m.Staged)); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// object writes one partition as an object: Parquet where conversion is on, else the data as it came.
func (d *delivery) object(prefix string, p *partition) error {
	if d.converter == nil {
		err := d.stage(prefix, d.stream.FileExtension, p.arrival, func(w io.Writer) error {
			for _, it := range p.items {
				if _, err := w.Write(it.data); err != nil {
					return err
				}
			}
			return nil
		})
		d.objects++
		return err
	}
	rows := int64(0)
	err := d.stage(prefix, d.stream.FileExtension, p.arrival, func(w io.Writer) (err error) {
		rows, err = d.convert(w, p.items)
		return err
	})
	if err != nil {
		return err
	}
	if rows == 0 { // nothing in it could be converted: an object without rows is of no use to anyone
		last := len(d.moves) - 1
		err := os.Remove(filepath.Join(d.staging, d.moves[last].Staged))
		d.moves = d.moves[:last]
		return err
	}
	d.rows += rows
	d.objects++
	return nil
}

// chunkBytes is how much JSON one task converts. Its values fit the cache of a processor.
const chunkBytes = 128 << 10

// convert writes items as one Parquet file and returns its rows. What can not be converted becomes a failure. Chunks are
// read in parallel and written in order.
func (d *delivery) convert(w io.Writer, items []item) (rows int64, err error) {
	type chunk struct {
		columns  *convert.Columns
		failures []failed
	}
	file := d.converter.NewWriter(w)
	free := make(chan *convert.Columns, runtime.GOMAXPROCS(0)+1)
	for range cap(free) {
		free <- d.converter.NewColumns()
	}
	work := make(chan chan chunk, cap(free))
	go func() {
		defer close(work)
		for len(items) > 0 {
			n, size := 0, 0
			for n < len(items) && size < chunkBytes {
				size += len(items[n].data)
				n++
			}
			part, done, columns := items[:n], make(chan chunk, 1), <-free
			items = items[n:]
			work <- done
			go func() {
				c := chunk{columns: columns}
				for _, it := range part {
					if err := columns.Add(it.data); err != nil {
						c.failures = append(c.failures, failed{it.seq, it.arrival, d.conversionFailure(err)})
					}
				}
				done <- c
			}()
		}
	}()
	for done := range work {
		c := <-done
		if err == nil {
			err = file.Write(c.columns)
		}
		rows += int64(c.columns.Rows())
		d.failures = append(d.failures, c.failures...)
		c.columns.Reset()
		free <- c.columns
	}
	return rows, errors.Join(err, file.Close())
}

func (d *delivery) conversionFailure(err error) failure {
	f := failure{errorType: typeConversion, code: convert.CodeMalformed, message: err.Error(), attempts: 1, at: d.now()}
	if conversion := (*convert.Error)(nil); errors.As(err, &conversion) {
		f.code, f.message = conversion.Code, conversion.Message
	}
	return f
}

// errorObjects writes the failures of the window, an object for each type.
func (d *delivery) errorObjects() error {
	byType := map[string][]failed{}
	for _, f := range d.failures {
		byType[f.failure.errorType] = append(byType[f.failure.errorType], f)
	}
	for errorType, failures := range byType {
		oldest := failures[0].arrival
		prefix, err := d.errorPrefix.Eval(template.PrefixValues{Arrival: oldest, ErrorType: errorType})
		if err != nil {
			return err
		}
		err = d.stage(prefix, "", oldest, func(w io.Writer) error {
			for _, f := range failures {
				entry, err := d.journal.Get(f.seq)
				if errors.Is(err, journal.ErrNotThere) {
					d.lose(f.seq)
					continue
				} else if err != nil {
					return err
				}
				line, err := d.line(entry, f.failure)
				if err != nil {
					return err
				}
				if _, err := w.Write(line); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// stage writes one object's file under a staging name, durably, and notes its move.
func (d *delivery) stage(prefix, extension string, arrival time.Time, content func(io.Writer) error) error {
	staged := newID()
	d.moves = append(d.moves, journal.Move{
		Staged: staged,
		Final:  prefix + objectName(d.stream.Name, arrival, staged, extension),
	})
	path := filepath.Join(d.staging, staged)
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write object: %w", err)
	}
	buffered := bufio.NewWriterSize(f, 256<<10)
	err = content(buffered)
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write object %s: %w", path, err)
	}
	return nil
}

// objectName returns the name of an object below its prefix, as Firehose forms it:
// <stream>-<version>-<yyyy-MM-dd-HH-mm-ss>-<uuid><extension>. The version counts configuration changes.
func objectName(stream string, arrival time.Time, id, extension string) string {
	return fmt.Sprintf("%s-1-%s-%s%s", stream, arrival.UTC().Format("2006-01-02-15-04-05"), id, extension)
}

// maxElement is how many bytes the file systems in use take between two slashes.
const maxElement = 255

// checkPrefix says why objects of a prefix cannot be files below the bucket's directory; nil if they can. Their names have
// nameBytes bytes. S3 takes such prefixes. The local stack puts the record under the error prefix, as it does with a partition
// key that AWS refuses: it must neither write outside the bucket nor try for ever to write a name that no file can have.
func checkPrefix(prefix string, nameBytes int) error {
	elements := strings.Split(prefix, "/")
	for i, element := range elements {
		size := len(element)
		if i == len(elements)-1 { // the name follows without a slash
			size += nameBytes
		}
		switch {
		case element == "." || element == "..":
			return fmt.Errorf("a partition key makes the path element %q: %s", element, prefix)
		case size > maxElement:
			return fmt.Errorf("a partition key makes a path element of %d bytes; the local stack takes %d", size, maxElement)
		case strings.ContainsRune(element, 0):
			return fmt.Errorf("a partition key has a zero byte: %q", prefix)
		}
	}
	if prefix != "" && !filepath.IsLocal(filepath.FromSlash(prefix)) {
		return fmt.Errorf("the partition keys make a path that is not below the bucket's directory: %s", prefix)
	}
	return nil
}

// finishMoves gives committed files their final names. It can be repeated: a file that is no longer staged was moved.
func (e *Engine) finishMoves(moves []journal.Move) error {
	if len(moves) == 0 {
		return nil
	}
	dirs := map[string]bool{}
	for _, m := range moves {
		from, to := filepath.Join(e.staging, m.Staged), filepath.Join(e.bucket, filepath.FromSlash(m.Final))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return fmt.Errorf("move object: %w", err)
		}
		if err := os.Rename(from, to); err != nil {
			if _, moved := os.Stat(to); errors.Is(err, os.ErrNotExist) && moved == nil {
				continue
			}
			return fmt.Errorf("move object: %w", err)
		}
		dirs[filepath.Dir(to)] = true
	}
	for dir := range dirs {
		if err := e.syncPath(dir); err != nil {
			return fmt.Errorf("move object: %w", err)
		}
	}
	return e.journal.MovesDone()
}

// syncPath makes the names in dir durable, and dir's own and those of the directories above it, up to the bucket, where this
// engine has not done so before.
func (e *Engine) syncPath(dir string) error {
	if err := journal.SyncDir(dir); err != nil {
		return err
	}
	for ; dir != e.bucket && dir != filepath.Dir(dir) && !e.durable[dir]; dir = filepath.Dir(dir) {
		if err := journal.SyncDir(filepath.Dir(dir)); err != nil {
			return err
		}
		e.durable[dir] = true
	}
	return nil
}

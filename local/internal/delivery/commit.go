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
	"slices"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
)

// deliver writes the objects of a buffer in three steps: it writes them under staging names; one entry of the journal commits
// them and takes the records out; then the files get their names. If the process dies in between, the next start either
// delivers all records from the journal, or finishes the moves. Each record is in one object.
//
// Firehose repeats a write that fails for ever, and so does this. The records stay in the journal meanwhile.
func (e *Engine) deliver(ctx context.Context, b *deliveryBuffer) error {
	var w *objectWriter
	err := e.untilDone(ctx, func() (err error) {
		w, err = e.write(b)
		return err
	})
	if err != nil {
		return err
	}
	// The objects are committed: only the moves are repeated from here on.
	if err := e.untilDone(ctx, func() error { return e.finishMoves(w.moves) }); err != nil {
		return err
	}
	for _, seq := range w.lost {
		e.lose(seq)
	}
	e.count(func(s *Stats) {
		s.Rows += w.rows
		s.Objects += w.objects
		s.FailedRecords += int64(len(w.failures) - len(w.lost))
		s.ErrorObjects += int64(len(w.moves)) - w.objects
		if w.objects > 0 {
			s.LastObject = w.moves[0].Final
		}
	})
	return nil
}

// Pauses between attempts to write objects.
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
		e.log.LogAttrs(ctx, slog.LevelError, "delivery failed and will be tried again", slog.String("stream", e.stream.Name),
			slog.Any("error", err), slog.Duration("wait", wait))
		e.count(func(s *Stats) { s.DeliveryErrors++ })
		if !sleep(ctx, wait) {
			return ctx.Err()
		}
	}
}

// write stages the objects of a buffer and commits them.
func (e *Engine) write(b *deliveryBuffer) (*objectWriter, error) {
	w := &objectWriter{engine: e, failures: slices.Clone(b.failures)}
	for prefix, p := range b.partitions {
		if err := w.partition(prefix, p); err != nil {
			return nil, errors.Join(err, w.discard())
		}
	}
	if err := w.errorObjects(); err != nil {
		return nil, errors.Join(err, w.discard())
	}
	err := e.journal.Commit(b.upto, w.moves)
	switch {
	case errors.Is(err, journal.ErrBroken): // the next start may find the commit, and needs the files then
		return nil, err
	case err != nil:
		return nil, errors.Join(err, w.discard())
	}
	return w, nil
}

// objectWriter stages the objects of one buffer.
type objectWriter struct {
	engine   *Engine
	moves    []journal.Move
	failures []failedRecord
	lost     []uint64 // of the failures, those whose bytes were damaged in the journal meanwhile
	rows     int64
	objects  int64 // without error objects
}

// discard removes the staged files of a delivery that is given up.
func (w *objectWriter) discard() error {
	var errs []error
	for _, m := range w.moves {
		if err := os.Remove(filepath.Join(w.engine.staging, m.Staged)); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// partition stages one partition as an object: Parquet if the stream converts, else the data as they are.
func (w *objectWriter) partition(prefix string, p *partition) error {
	extension := w.engine.stream.FileExtension
	if w.engine.converter == nil {
		w.objects++
		return w.stage(prefix, extension, p.arrival, func(out io.Writer) error {
			for _, one := range p.payloads {
				if _, err := out.Write(one.data); err != nil {
					return err
				}
			}
			return nil
		})
	}
	rows := int64(0)
	err := w.stage(prefix, extension, p.arrival, func(out io.Writer) (err error) {
		rows, err = w.convert(out, p.payloads)
		return err
	})
	if err != nil {
		return err
	}
	if rows == 0 { // no payload could be converted, and nobody needs an object without rows
		last := len(w.moves) - 1
		err := os.Remove(filepath.Join(w.engine.staging, w.moves[last].Staged))
		w.moves = w.moves[:last]
		return err
	}
	w.rows += rows
	w.objects++
	return nil
}

// stage writes one object's file under a staging name, durably, and notes its move.
func (w *objectWriter) stage(prefix, extension string, arrival time.Time, content func(io.Writer) error) error {
	staged := newID()
	w.moves = append(w.moves, journal.Move{
		Staged: staged,
		Final:  prefix + objectName(w.engine.stream.Name, arrival, staged, extension),
	})
	path := filepath.Join(w.engine.staging, staged)
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

// finishMoves gives committed files their names. It can be repeated: a file that is not staged any more was moved before.
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

// syncPath makes the names in dir durable, and the names of dir and of the directories above it up to the bucket. It leaves out
// those that this engine has made durable before.
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

// recover finishes the moves that a former process committed, and removes the files that it staged and did not commit.
func (e *Engine) recover() error {
	if err := e.finishMoves(e.journal.Moves()); err != nil {
		return err
	}
	staged, err := os.ReadDir(e.staging)
	if err != nil {
		return err
	}
	for _, f := range staged {
		if err := os.Remove(filepath.Join(e.staging, f.Name())); err != nil {
			return err
		}
	}
	if s := e.journal.State(); s.Last > s.Delivered {
		e.log.LogAttrs(context.Background(), slog.LevelInfo, "delivering records that a former process accepted",
			slog.String("stream", e.stream.Name), slog.Uint64("records", s.Last-s.Delivered), slog.Int64("bytes", s.Bytes))
	}
	return nil
}

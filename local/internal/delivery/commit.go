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

	"github.com/google/uuid"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
	"github.com/metrics-dashboard/metrics-dashboard/record/pause"
)

// deliver writes the objects of a buffer in three steps. First it writes files under staging names. Then one entry of the journal
// commits the delivery: it says which records are delivered and which files have to be moved. Finally it moves the files to their final
// names. If the process dies before the commit, the next start delivers the records again from the journal. If it dies after the commit,
// the next start finishes the moves. Either way no record is in two objects.
//
// If a write fails, deliver repeats it until it succeeds. The records stay in the journal meanwhile. (Firehose gives up after 24 hours.)
// If the journal is broken, no write can succeed before the next start, so deliver does nothing more until ctx ends.
func (e *Engine) deliver(ctx context.Context, b *deliveryBuffer) error {
	var w *objectWriter
	err := e.untilDone(ctx, func() (err error) {
		w, err = e.write(b)
		return err
	})
	if err != nil {
		return err
	}
	// The delivery is committed. From here on only the moves may be repeated.
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

// Pauses between attempts of a step of a delivery.
const (
	writeBackoff    = time.Second
	writeBackoffCap = time.Minute
)

// untilDone repeats a step of a delivery until it succeeds or ctx ends. If the journal is broken, it only waits for the end of ctx.
func (e *Engine) untilDone(ctx context.Context, step func() error) error {
	for wait := writeBackoff; ; wait = min(2*wait, writeBackoffCap) {
		err := step()
		if err == nil {
			return nil
		}
		e.count(func(s *Stats) { s.DeliveryErrors++ })
		if errors.Is(err, journal.ErrBroken) { // no later write to the journal can succeed
			e.log.LogAttrs(ctx, slog.LevelError, "cannot finish a delivery", slog.String("stream", e.stream.Name), slog.Any("error", err))
			<-ctx.Done()
			return ctx.Err()
		}
		e.log.LogAttrs(ctx, slog.LevelError, "cannot finish a delivery; trying again", slog.String("stream", e.stream.Name),
			slog.Any("error", err), slog.Duration("wait", wait))
		if err := pause.For(ctx, wait); err != nil {
			return err
		}
	}
}

// write stages the objects of a buffer and commits them.
func (e *Engine) write(b *deliveryBuffer) (*objectWriter, error) {
	w := &objectWriter{engine: e, failures: slices.Clone(b.failures)}
	for prefix, p := range b.partitions {
		if err := w.stagePartition(prefix, p); err != nil {
			return nil, errors.Join(err, w.discard())
		}
	}
	if err := w.stageErrorObjects(); err != nil {
		return nil, errors.Join(err, w.discard())
	}
	if err := w.syncNames(); err != nil {
		return nil, errors.Join(err, w.discard())
	}
	err := e.journal.Commit(b.upto, w.moves)
	switch {
	case errors.Is(err, journal.ErrBroken): // keep the files: the next start needs them if it finds the commit
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
	lost     []uint64 // sequence numbers of the failures whose bytes are damaged in the journal
	rows     int64
	objects  int64 // number of objects, error objects not included
}

// discard removes the staged files after a failed attempt.
func (w *objectWriter) discard() error {
	var errs []error
	for _, m := range w.moves {
		if err := os.Remove(filepath.Join(w.engine.staging, m.Staged)); !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// stagePartition stages one partition as an object: as Parquet if the stream converts, else with the data as they are.
func (w *objectWriter) stagePartition(prefix string, p *partition) error {
	extension := w.engine.stream.FileExtension
	if w.engine.converter == nil {
		w.objects++
		return w.stage(prefix, extension, p.arrival, func(out io.Writer) error {
			for _, payload := range p.payloads {
				if _, err := out.Write(payload.data); err != nil {
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
	if rows == 0 { // all payloads failed: there is nothing to deliver
		return w.dropLast()
	}
	w.rows += rows
	w.objects++
	return nil
}

// stage writes the file of one object under a staging name, syncs it and notes its move. The name is durable only after syncNames.
func (w *objectWriter) stage(prefix, extension string, arrival time.Time, content func(io.Writer) error) error {
	staged := uuid.NewString()
	w.moves = append(w.moves, journal.Move{
		Staged: staged,
		Final:  prefix + objectName(w.engine.stream.Name, arrival, staged, extension),
	})
	path := filepath.Join(w.engine.staging, staged)
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("create object: %w", err)
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

// dropLast removes the file that was staged last.
func (w *objectWriter) dropLast() error {
	last := len(w.moves) - 1
	err := os.Remove(filepath.Join(w.engine.staging, w.moves[last].Staged))
	w.moves = w.moves[:last]
	return err
}

// syncNames makes the names of the staged files durable. The commit says that the files are there.
func (w *objectWriter) syncNames() error {
	if len(w.moves) == 0 {
		return nil
	}
	if err := w.engine.syncDir(w.engine.staging); err != nil {
		return fmt.Errorf("sync the names of staged objects: %w", err)
	}
	return nil
}

// objectName returns the name of an object below its prefix, as Firehose forms it:
// <stream>-<version>-<yyyy-MM-dd-HH-mm-ss>-<uuid><extension>. The version counts configuration changes.
func objectName(stream string, arrival time.Time, id, extension string) string {
	return fmt.Sprintf("%s-1-%s-%s%s", stream, arrival.UTC().Format("2006-01-02-15-04-05"), id, extension)
}

// maxElement is how many bytes a path element may have on common file systems.
const maxElement = 255

// checkPrefix returns an error if the objects of a prefix, whose names have nameBytes bytes, cannot be files below the bucket's
// directory. S3 accepts such a prefix. Here its records fail, as records without a partition key do. Without this check the engine would
// write outside of the bucket, or repeat for ever a write that cannot succeed.
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
			return fmt.Errorf("a partition key makes a path element of %d bytes; want at most %d", size, maxElement)
		case strings.ContainsRune(element, 0):
			return fmt.Errorf("a partition key has a zero byte: %q", prefix)
		}
	}
	if prefix != "" && !filepath.IsLocal(filepath.FromSlash(prefix)) {
		return fmt.Errorf("the partition keys make a path that is not below the bucket's directory: %q", prefix)
	}
	return nil
}

// finishMoves moves committed files to their final names and syncs the names. It can be repeated: a file that is no longer staged was
// moved before, but perhaps its name was not synced.
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
		dirs[filepath.Dir(to)] = true
		if err := os.Rename(from, to); err != nil {
			if _, moved := os.Stat(to); errors.Is(err, os.ErrNotExist) && moved == nil {
				continue
			}
			return fmt.Errorf("move object: %w", err)
		}
	}
	for dir := range dirs {
		if err := e.syncPath(dir); err != nil {
			return fmt.Errorf("move object: %w", err)
		}
	}
	return e.journal.MovesDone()
}

// syncPath syncs dir, so that the names in it are on disk. It also syncs the directories above dir up to the bucket, except those that
// this engine synced before.
func (e *Engine) syncPath(dir string) error {
	if err := e.syncDir(dir); err != nil {
		return err
	}
	for ; dir != e.bucket && dir != filepath.Dir(dir) && !e.durable[dir]; dir = filepath.Dir(dir) {
		if err := e.syncDir(filepath.Dir(dir)); err != nil {
			return err
		}
		e.durable[dir] = true
	}
	return nil
}

// recover finishes the moves that an earlier process committed. It then removes the files that the
// earlier process staged and did not commit.
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
		e.log.LogAttrs(context.Background(), slog.LevelInfo, "delivering records that an earlier process accepted",
			slog.String("stream", e.stream.Name), slog.Uint64("records", s.Last-s.Delivered), slog.Int64("bytes", s.Bytes))
	}
	return nil
}

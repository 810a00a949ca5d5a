package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/convert"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/stack"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/template"
)

// ErrFull says that no more records can be taken until some are delivered.
var ErrFull = journal.ErrFull

// StateDir is the directory below the lake's in which an engine keeps what is not delivered. Readers of the lake pass over
// names that begin with a dot.
const StateDir = ".firehose"

// Options of an [Engine].
type Options struct {
	// FlushEvery shortens both buffering intervals of the template, so that a record is an object after about this time.
	// 0 leaves them as they are.
	FlushEvery time.Duration
	// JournalBytes bounds the records that wait for delivery; default 1 GiB.
	JournalBytes int64
	// Region is what the function and error objects are told.
	Region string
	Log    *slog.Logger
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// Stats counts what went through an engine since it was opened.
type Stats struct {
	Records          int64 // accepted
	Bytes            int64 // of accepted records
	Pending          int64 // accepted, now or before, and not delivered yet
	JournalBytes     int64 // of pending records
	Invocations      int64
	InvocationErrors int64
	Rows             int64 // delivered in Parquet objects
	Objects          int64
	FailedRecords    int64 // delivered under the error prefix
	LostRecords      int64 // accepted, now or before, and then found damaged in the journal
	ErrorObjects     int64
	DeliveryErrors   int64  // attempts to write objects that failed and were repeated
	LastObject       string // name of an object of the last delivery
}

// Engine delivers the records of one stream. Memory is bounded by two delivery buffers (one filling, one being written)
// and, for each processor, one invocation's records and response.
type Engine struct {
	stream      stack.Stream
	region      string
	invoker     Invoker
	converter   *convert.Converter
	prefix      template.Prefix
	errorPrefix template.Prefix
	journal     *journal.Journal
	bucket      string          // directory of the bucket
	nameBytes   int             // of an object's name
	staging     string          // directory of objects not yet committed
	durable     map[string]bool // directories whose names are known to be on disk; only deliveries use it
	log         *slog.Logger
	now         func() time.Time

	wake    chan struct{} // records were appended
	flushes chan chan struct{}
	stop    context.CancelFunc
	done    chan struct{}

	mu    sync.Mutex
	stats Stats
}

// Open starts delivering a stream into directories below dir: objects under the bucket's name, undelivered records under
// [StateDir]. What a former process accepted and did not deliver is delivered now.
func Open(dir string, s stack.Stream, invoker Invoker, o Options) (*Engine, error) {
	e := &Engine{
		stream: s, region: o.Region, invoker: invoker,
		bucket:  filepath.Join(dir, s.Bucket),
		staging: filepath.Join(dir, StateDir, s.Name, "staging"),
		log:     o.Log, now: o.Now,
		durable: map[string]bool{},
		wake:    make(chan struct{}, 1), flushes: make(chan chan struct{}), done: make(chan struct{}),
	}
	if e.log == nil {
		e.log = slog.Default()
	}
	if e.now == nil {
		e.now = time.Now
	}
	if o.JournalBytes == 0 {
		o.JournalBytes = 1 << 30
	}
	e.nameBytes = len(objectName(s.Name, time.Time{}, newID(), s.FileExtension))
	if o.FlushEvery > 0 {
		e.shorten(o.FlushEvery)
	}
	if err := e.open(filepath.Join(dir, StateDir, s.Name, "journal"), o.JournalBytes); err != nil {
		return nil, fmt.Errorf("open stream %s: %w", s.Name, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.stop = cancel
	go e.run(ctx)
	return e, nil
}

// shorten makes both buffering stages together take no longer than every.
func (e *Engine) shorten(every time.Duration) {
	e.stream.Buffering.Interval = min(e.stream.Buffering.Interval, every/2)
	if e.stream.Lambda != nil {
		lambda := *e.stream.Lambda
		lambda.Buffering.Interval = min(lambda.Buffering.Interval, every/2)
		e.stream.Lambda = &lambda
	}
}

func (e *Engine) open(path string, maxBytes int64) (err error) {
	if e.prefix, err = parsePrefix(e.stream.Prefix); err != nil {
		return fmt.Errorf("prefix: %w", err)
	}
	if e.errorPrefix, err = parsePrefix(e.stream.ErrorPrefix); err != nil {
		return fmt.Errorf("error prefix: %w", err)
	}
	if e.stream.Table != nil {
		if e.converter, err = convert.New(*e.stream.Table); err != nil {
			return err
		}
	}
	for _, dir := range []string{e.bucket, e.staging} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if e.journal, err = journal.Open(path, maxBytes); err != nil {
		return err
	}
	e.reportDamage(path)
	if err := e.recover(); err != nil {
		return errors.Join(err, e.journal.Close())
	}
	return nil
}

func parsePrefix(text string) (template.Prefix, error) {
	p, err := template.ParsePrefix(text)
	if err == nil {
		err = p.Supported()
	}
	return p, err
}

// reportDamage says what the journal found damaged, and names a journal that an earlier build left behind.
func (e *Engine) reportDamage(path string) {
	if d := e.journal.Damage(); d.SetAside != "" {
		e.stats.LostRecords = d.Records
		e.log.LogAttrs(context.Background(), slog.LevelError, "the journal was damaged; what is whole is delivered",
			slog.String("stream", e.stream.Name), slog.Int64("lost_records", d.Records), slog.String("damaged_files", d.SetAside))
	}
	if old := path + ".db"; exists(old) {
		e.log.LogAttrs(context.Background(), slog.LevelWarn,
			"a journal of an earlier build is not read; run that build to deliver what it may hold, then remove the file",
			slog.String("stream", e.stream.Name), slog.String("file", old))
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// recover finishes what a former process committed, and removes what it did not.
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
		e.log.LogAttrs(context.Background(), slog.LevelInfo, "delivering records that were accepted by a former process",
			slog.String("stream", e.stream.Name), slog.Uint64("records", s.Last-s.Delivered), slog.Int64("bytes", s.Bytes))
	}
	return nil
}

// Put accepts records: they are durable when it returns. The error is [ErrFull] where the journal has no room.
func (e *Engine) Put(_ context.Context, records [][]byte) error {
	if err := e.journal.Append(e.now(), records); err != nil {
		return err
	}
	size := 0
	for _, r := range records {
		size += len(r)
	}
	e.count(func(s *Stats) { s.Records, s.Bytes = s.Records+int64(len(records)), s.Bytes+int64(size) })
	select {
	case e.wake <- struct{}{}:
	default:
	}
	return nil
}

// Flush delivers all records accepted so far without waiting for buffers to fill, and those that the transform puts back
// meanwhile.
func (e *Engine) Flush(ctx context.Context) error {
	for {
		if s := e.journal.State(); s.Last == s.Delivered {
			return nil
		}
		flushed := make(chan struct{})
		select {
		case e.flushes <- flushed:
		case <-ctx.Done():
			return ctx.Err()
		case <-e.done:
			return errors.New("stream is closed")
		}
		select {
		case <-flushed:
		case <-ctx.Done():
			return ctx.Err()
		case <-e.done:
			return errors.New("stream is closed")
		}
	}
}

// Close stops delivering. What is not delivered stays in the journal; Flush first to leave nothing.
func (e *Engine) Close() error {
	e.stop()
	<-e.done
	return e.journal.Close()
}

// Stats returns the counters.
func (e *Engine) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	s, j := e.stats, e.journal.State()
	s.Pending, s.JournalBytes = int64(j.Last-j.Delivered), j.Bytes
	return s
}

func (e *Engine) count(f func(*Stats)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	f(&e.stats)
}

// processors is how many invocations run at a time. Firehose allows up to 5 for a destination in S3.
func processors() int { return min(5, runtime.GOMAXPROCS(0)) }

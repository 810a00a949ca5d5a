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

	"github.com/google/uuid"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/convert"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/template"
	"github.com/metrics-dashboard/metrics-dashboard/record/durable"
)

// StateDir is the directory in the lake's directory that holds the records and files that are not delivered yet. Readers of the lake
// ignore names that begin with a dot.
const StateDir = ".firehose"

// Options of an [Engine].
type Options struct {
	// FlushEvery shortens the two buffering intervals of the template, so that a record is in an object after about this time. 0 means
	// the template's intervals.
	FlushEvery time.Duration
	// JournalBytes bounds the bytes of the records that wait for delivery; default 1 GiB.
	JournalBytes int64
	// Region is the region in the events for the function and in error objects.
	Region string
	Log    *slog.Logger // default slog.Default
	// Now is the clock; default time.Now.
	Now func() time.Time

	syncDir func(dir string) error // default durable.SyncDir; tests replace it
}

// Stats counts what an engine did since it was opened.
type Stats struct {
	Records          int64 // records that were accepted
	Bytes            int64 // bytes of these records
	Pending          int64 // records that this process or an earlier one accepted and that are not delivered yet
	JournalBytes     int64 // bytes of the pending records
	Invocations      int64
	InvocationErrors int64
	Rows             int64 // rows in Parquet objects
	Objects          int64 // objects with data
	FailedRecords    int64 // records in error objects
	LostRecords      int64 // accepted records that are lost because the journal is damaged
	ErrorObjects     int64
	DeliveryErrors   int64  // failed attempts to deliver a buffer; the engine repeats each, unless the journal is broken
	LastObject       string // name of an object of the last delivery with data
}

// Engine delivers the records of one stream. Its memory is bounded: two delivery buffers (one fills while one is written), and the
// records and responses of the invocations under way. It is safe for concurrent use.
type Engine struct {
	stream      spec.Stream
	region      string
	invoker     Invoker
	converter   *convert.Converter
	prefix      template.Prefix
	errorPrefix template.Prefix
	journal     *journal.Journal
	bucket      string          // directory of the bucket
	nameBytes   int             // length of an object's name without its prefix
	staging     string          // directory of the objects that do not have their final names yet
	durable     map[string]bool // directories whose names were synced to disk; only recover and, after it, the delivery under way use it
	syncDir     func(dir string) error
	log         *slog.Logger
	now         func() time.Time

	wake    chan struct{}      // tells the scheduler that records were accepted
	flushes chan chan struct{} // requests for a flush; when a flush is done, the scheduler closes the channel that it received
	stop    context.CancelFunc // of the scheduler
	done    chan struct{}      // closed when the scheduler has ended

	mu    sync.Mutex // guards stats
	stats Stats
}

// Open opens the engine of a stream and starts to deliver. It writes objects below dir/<bucket>, and its state below dir/[StateDir].
// The first records that it delivers are those that an earlier process accepted and did not deliver.
func Open(dir string, s spec.Stream, invoker Invoker, o Options) (*Engine, error) {
	e := &Engine{
		stream: s, region: o.Region, invoker: invoker,
		bucket:  filepath.Join(dir, s.Bucket),
		staging: filepath.Join(dir, StateDir, s.Name, "staging"),
		log:     o.Log, now: o.Now, syncDir: o.syncDir,
		durable: map[string]bool{},
		wake:    make(chan struct{}, 1), flushes: make(chan chan struct{}), done: make(chan struct{}),
	}
	if e.log == nil {
		e.log = slog.Default()
	}
	if e.now == nil {
		e.now = time.Now
	}
	if e.syncDir == nil {
		e.syncDir = durable.SyncDir
	}
	if o.JournalBytes == 0 {
		o.JournalBytes = 1 << 30
	}
	e.nameBytes = len(objectName(s.Name, time.Time{}, uuid.Nil.String(), s.FileExtension))
	if o.FlushEvery > 0 {
		e.shorten(o.FlushEvery)
	}
	if err := e.open(dir, o.JournalBytes); err != nil {
		return nil, fmt.Errorf("open stream %s: %w", s.Name, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	e.stop = cancel
	go e.run(ctx)
	return e, nil
}

// shorten bounds the time that a record waits in both buffers together.
func (e *Engine) shorten(every time.Duration) {
	e.stream.Buffering.Interval = min(e.stream.Buffering.Interval, every/2)
	if e.stream.Lambda != nil {
		lambda := *e.stream.Lambda
		lambda.Buffering.Interval = min(lambda.Buffering.Interval, every/2)
		e.stream.Lambda = &lambda
	}
}

func (e *Engine) open(dir string, journalBytes int64) (err error) {
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
	if err := errors.Join(durable.MkdirAll(e.bucket, 0o755, e.syncDir), durable.MkdirAll(e.staging, 0o755, e.syncDir)); err != nil {
		return err
	}
	// An earlier process may have made the directories of the bucket and of the journal, and died before it synced their names. The journal syncs
	// the directory that has its own name.
	if err := errors.Join(e.syncDir(dir), e.syncDir(filepath.Join(dir, StateDir))); err != nil {
		return err
	}
	path := filepath.Join(filepath.Dir(e.staging), "journal")
	if e.journal, err = journal.Open(path, journalBytes); err != nil {
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

// reportDamage logs the damage of the journal. If there is a journal of an earlier build, which this one cannot read, it logs that too.
func (e *Engine) reportDamage(path string) {
	if d := e.journal.Damage(); d.SetAside != "" {
		e.stats.LostRecords = d.Records
		e.log.LogAttrs(context.Background(), slog.LevelError, "the journal is damaged; all records that are whole are delivered",
			slog.String("stream", e.stream.Name), slog.Int64("lost_records", d.Records), slog.String("damaged_files", d.SetAside))
	}
	old := path + ".db"
	if _, err := os.Lstat(old); err == nil {
		e.log.LogAttrs(context.Background(), slog.LevelWarn,
			"a journal of an earlier build is not read; run that build to deliver what it may hold, then remove the file",
			slog.String("stream", e.stream.Name), slog.String("file", old))
	}
}

// Close stops the engine. Records that are not delivered stay in the journal. Call Flush before to deliver them.
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

// maxInvocations returns how many invocations may run at a time. Firehose allows 5 for a stream to S3; more than one for each processor of
// this machine would not help.
func maxInvocations() int { return min(5, runtime.GOMAXPROCS(0)) }

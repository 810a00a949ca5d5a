package rollup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Storage is the stack's bucket.
type Storage interface {
	// List returns the objects whose keys begin with prefix.
	List(ctx context.Context, prefix string) ([]Object, error)
	// Delete removes objects. It does not fail if one is not there.
	Delete(ctx context.Context, keys []string) error
}

// Object is an object of the bucket.
type Object struct {
	Key     string
	Bytes   int64
	Written time.Time // S3's clock; of an upload of several parts, when it began
}

// Engine runs SQL over the samples.
type Engine interface {
	// Unload writes the rows of a query as Parquet objects below a folder (s3://…/), which has no objects yet.
	Unload(ctx context.Context, sql, folder string) (panels.Cost, error)
}

// Catalog is the Glue database.
type Catalog interface {
	// Partitions returns the partitions of a table with any of these values of the keys year and month. nil means all partitions.
	Partitions(ctx context.Context, table string, months [][2]string) ([]Partition, error)
	// Partition returns one partition; ok is false if there is none.
	Partition(ctx context.Context, table string, values []string) (p Partition, ok bool, err error)
	// Point creates the partition, or makes the partition of these values what p says, by one call.
	Point(ctx context.Context, table string, p Partition) error
}

// Partition is a partition of a rollup's table.
type Partition struct {
	Values   []string // of the partition keys
	Location string   // s3://…/ of its objects
	Sources  string   // text of [panels.Sources]
}

// Options of a [Roller].
type Options struct {
	Storage Storage
	Engine  Engine
	Catalog Catalog
	Log     *slog.Logger

	Bucket string
	Prefix string // of the samples' objects, ends in a slash
	Table  string // of the samples
	Form   panels.Form

	// Days is the greatest age of a sample that the transform accepts, in days.
	Days int
	// Retention is after how many days samples are removed; 0: never. Of a day that is older, some samples are gone already.
	Retention int
	// Settle is as in [panels.Schedule].
	Settle time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

const (
	// patience is as in [panels.Schedule]: a period with late samples waits after its last rollup for a quarter of its age, or of its length if
	// that is more. Even if each hour brings samples of all days, a period is then read about 20 times in two weeks, and not 336 times.
	patience = 0.25
	// atOnce is how many statements run at a time. An account may have 20 or more active (Athena user guide, "Service Quotas").
	atOnce = 4
	// partBytes is how many bytes of samples one statement reads at most, if a period has more than an hour. It bounds what a statement
	// sorts and keeps in memory. A day of 700 machines at 3 s is one part.
	partBytes = 4 << 30
	// enough is how much time must be left to begin a period. The next run goes on with the others.
	enough = 2 * time.Minute
	// spare is how much time is left when the statements that still run are stopped.
	spare = 20 * time.Second
	// late is how long a period may be due before a run fails because of it.
	late = 6 * time.Hour
)

// Roller keeps the rollups up to date. It is safe for concurrent use.
type Roller struct{ o Options }

// New returns a roller.
func New(o Options) *Roller {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Roller{o}
}

// Event asks for a run. A schedule's event has other fields, so it asks for the last days.
type Event struct {
	// From and To are days such as 2026-02-28, in UTC. To is excluded. They are for samples that are older than the last days, and for
	// rollups whose partitions are missing because the bucket is older than the stack.
	From string `json:"from"`
	To   string `json:"to"`
}

// Report says what a run has done.
type Report struct {
	Rolled   int     `json:"rolled"`   // periods
	Restored int     `json:"restored"` // periods whose rollup was in the bucket and had no partition
	Skipped  int     `json:"skipped"`  // days that are not rolled up, because S3 may have deleted some of their samples
	Failed   int     `json:"failed"`   // periods
	Left     int     `json:"left"`     // periods that are due and left for the next run, because the time was over
	Removed  int     `json:"removed"`  // objects of folders that nothing points at
	Scanned  int64   `json:"scanned"`  // bytes
	USD      float64 `json:"usd"`
}

// Handle runs once. Before the time of ctx is over it stops and leaves the rest for the next run. It fails if a period could not be
// rolled up, or has been due for hours; the other periods are rolled up all the same.
func (r *Roller) Handle(ctx context.Context, event Event) (Report, error) {
	now := r.o.Now()
	days, err := r.days(event, now)
	if err != nil {
		return Report{}, err
	}
	complete := r.complete(days, now)
	if event.From == "" {
		days = complete
	}
	hours, err := r.hours(ctx, complete)
	if err != nil {
		return Report{}, err
	}
	run := run{Roller: r, now: now, hours: hours, asked: event.From != ""}
	run.report.Skipped = len(days) - len(complete)
	var problems []error
	for _, ofSamples := range []bool{true, false} { // first what the other rollups are made of
		for _, rollup := range panels.Rollups() {
			if isOfSamples(rollup) != ofSamples {
				continue
			}
			if err := run.enqueue(ctx, rollup, days, complete); err != nil {
				problems = append(problems, err)
			}
		}
		run.rollUp(ctx)
	}
	problems = append(problems, run.failures()...)
	for _, rollup := range panels.Rollups() {
		n, err := r.sweep(ctx, rollup, complete, hours, now)
		run.report.Removed += n
		if err != nil {
			problems = append(problems, err)
		}
	}
	r.o.Log.Info("run ended", slog.Any("report", run.report))
	return run.report, errors.Join(problems...)
}

// isOfSamples says whether a rollup is made of samples, and not of another rollup.
func isOfSamples(r panels.Rollup) bool { return r.From().Name == "" }

// run is one run of a roller.
type run struct {
	*Roller
	now   time.Time
	hours map[time.Time]panels.Sources
	asked bool // for days that somebody named; they may be old

	mu     sync.Mutex // guards the fields below while rollUp runs
	queue  []task     // the first one is next
	report Report
	failed []error
}

// task is a period to roll up. If folder is not empty, its rollup is in that folder already, and only the partition is missing.
type task struct {
	panels.Due
	folder string // s3://…/
}

// enqueue adds the periods of a rollup that are due to the queue. If somebody asked for days, it also adds the periods of these days whose
// samples are gone and whose rollup is in the bucket without a partition: see kept. Days are not added: they are made again from hours.
func (r *run) enqueue(ctx context.Context, rollup panels.Rollup, days, complete []time.Time) error {
	sources, err := r.sources(ctx, rollup, r.hours)
	if err != nil {
		return err
	}
	made, err := r.made(ctx, rollup, complete)
	if err != nil {
		return err
	}
	for _, d := range rollup.Due(sources, made, panels.Schedule{Now: r.now, Settle: r.o.Settle, Patience: patience}) {
		r.queue = append(r.queue, task{Due: d})
	}
	if r.asked && isOfSamples(rollup) {
		kept, err := r.kept(ctx, rollup, days, r.hours)
		r.queue = append(r.queue, kept...)
		return err
	}
	return nil
}

// next takes the next period from the queue. ok is false if there is none, or no time for it.
func (r *run) next(ctx context.Context) (d task, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if deadline, bounded := ctx.Deadline(); len(r.queue) == 0 || ctx.Err() != nil || bounded && time.Until(deadline) < enough {
		return d, false
	}
	d, r.queue = r.queue[0], r.queue[1:]
	return d, true
}

// rollUp rolls up the queue, some periods at a time.
func (r *run) rollUp(ctx context.Context) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-spare))
		defer cancel()
	}
	var group sync.WaitGroup
	for range atOnce {
		group.Go(func() {
			for d, ok := r.next(ctx); ok; d, ok = r.next(ctx) {
				cost, err := r.roll(ctx, d)
				r.note(ctx, d, cost, err)
			}
		})
	}
	group.Wait()
}

// failures returns what went wrong in the run, when it has rolled up what it could. Only what is made of samples can be late: panels read
// hours as long as there are no days.
func (r *run) failures() []error {
	r.report.Left = len(r.queue)
	waiting := slices.DeleteFunc(slices.Clone(r.queue), func(d task) bool { return !isOfSamples(d.Rollup) })
	if len(waiting) == 0 || r.asked {
		return r.failed
	}
	d := slices.MinFunc(waiting, func(a, b task) int { return a.Since.Compare(b.Since) }) // it has waited longest
	if waited := r.now.Sub(d.Since); waited > late {
		return append(r.failed, fmt.Errorf("the rollup %s of %s has been due for %v: the runs of this function do not end in time",
			d.Rollup.Name, d.Start.Format(time.DateTime), waited.Round(time.Hour)))
	}
	return r.failed
}

// note counts what became of a period. One that was stopped because the time was over is left for the next run.
func (r *run) note(ctx context.Context, d task, cost panels.Cost, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Scanned += cost.ScannedBytes
	r.report.USD += cost.USD
	switch {
	case err != nil && ctx.Err() != nil:
		r.queue = append(r.queue, d)
		return
	case err != nil:
		r.report.Failed++
		r.failed = append(r.failed, fmt.Errorf("roll up %s of %s: %w", d.Rollup.Name, d.Start.Format(time.DateTime), err))
		return
	case d.folder != "":
		r.report.Restored++
		return
	}
	r.report.Rolled++
	r.o.Log.Debug("rolled up", slog.String("rollup", d.Rollup.Name), slog.Time("start", d.Start), slog.Int("objects", d.Objects),
		slog.Int64("scanned_bytes", cost.ScannedBytes))
}

// roll rolls up one period.
func (r *run) roll(ctx context.Context, d task) (spent panels.Cost, err error) {
	if d.folder != "" {
		return spent, r.point(ctx, d.Due, d.folder)
	}
	folder := "s3://" + r.o.Bucket + "/" + d.Rollup.Prefix() + d.Rollup.Folder(d.Start) + newFolder(r.now) + "/"
	parts := r.parts(d.Due)
	for i, part := range parts {
		to := folder
		if len(parts) > 1 {
			to += fmt.Sprintf("%02d/", i) // Athena reads the folders below a partition's folder, too
		}
		cost, err := r.o.Engine.Unload(ctx, d.Rollup.Part(r.o.Form, part), to)
		spent.ScannedBytes += cost.ScannedBytes
		spent.USD += cost.USD
		if err != nil {
			return spent, err
		}
	}
	return spent, r.point(ctx, d.Due, folder)
}

// parts divides a period into ranges of whole hours with at most partBytes of samples, or one hour. A period that is made of another
// rollup is one part: a day of hours of 100,000 machines has 1.2 GB.
func (r *run) parts(d panels.Due) (parts []panels.Range) {
	if !isOfSamples(d.Rollup) {
		return []panels.Range{{From: d.Start, To: d.End()}}
	}
	var bytes int64
	for hour := d.Start; hour.Before(d.End()); hour = hour.Add(time.Hour) {
		more := r.hours[hour]
		if more.Objects == 0 {
			continue
		}
		if bytes += more.Bytes; len(parts) == 0 || bytes > partBytes {
			parts, bytes = append(parts, panels.Range{From: hour}), more.Bytes
		}
		parts[len(parts)-1].To = hour.Add(time.Hour)
	}
	return parts
}

// point makes the partition of a period point at a folder, unless another run has rolled up the same objects or more. Another
// run may also do so between this check and the change. Then the rollup lacks objects, and the next run finds that.
func (r *run) point(ctx context.Context, d panels.Due, folder string) error {
	table, values := d.Rollup.TableOf(r.o.Table), d.Rollup.Partition(d.Start)
	there, ok, err := r.o.Catalog.Partition(ctx, table, values)
	if err != nil {
		return err
	}
	if ok && !d.LackedBy(r.sourcesOf(there)) {
		return nil
	}
	text, err := d.MarshalText()
	if err != nil {
		return err
	}
	return r.o.Catalog.Point(ctx, table, Partition{Values: values, Location: folder, Sources: string(text)})
}

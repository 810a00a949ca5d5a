package fleet

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/simulation"
)

// Destination puts records. Put returns when all of them are accepted, or with an error. It is safe for concurrent use.
type Destination interface {
	Put(ctx context.Context, records [][]byte) error
}

// Options of a simulation.
type Options struct {
	Hosts int
	Seed  uint64
	// Interval is the time between two samples of a host. MaxLatency is how long a pack collects samples.
	Interval, MaxLatency time.Duration
	// From and To are the simulated time of a history. To does not belong to it.
	From, To time.Time
	// Deliver, if set, returns when all records put so far are delivered. A history calls it at its end, and so often that the delivery
	// buffer of the stream never holds more hours than it may have partitions.
	Deliver func(ctx context.Context) error
	// Progress, if set, is called with the simulated time that is done and the number of samples put so far.
	Progress func(done time.Time, samples int64)
}

// hoursAtOnce is after how many hours a history calls Options.Deliver. Together with the hours of hosts whose clocks are wrong, they
// stay below the 500 partitions of a delivery buffer.
const hoursAtOnce = 400

// maxRecords is how many records one call may put.
const maxRecords = record.MaxBatchRecords

// member is a host and the lines of its next pack.
type member struct {
	*simulation.Host
	offset time.Duration // of its samples from the fleet's
	lines  []byte
	count  int         // of the lines
	hour   record.Hour // of the lines, if there are any
	since  time.Time   // of the first line
}

// fleet simulates some hosts of a fleet.
type fleet struct {
	Options
	to      Destination
	members []member
	next    time.Time         // of the next samples
	pack    record.PackWriter // one for all members: a compressor takes more than a megabyte
	records [][]byte          // packs that wait for the next call of Put
	size    int               // of these records, in bytes
	samples int64             // in packs so far
}

// newFleet returns a fleet of every step-th host, beginning with number first.
func newFleet(to Destination, o Options, start time.Time, about time.Duration, first, step int) *fleet {
	f := &fleet{Options: o, to: to, next: start}
	f.pack.Level = gzip.BestSpeed // a better compression would take most of the time
	simulated := simulation.Fleet{Seed: o.Seed, Start: start, About: about}
	for n := first; n < o.Hosts; n += step {
		f.members = append(f.members, member{Host: simulated.Host(n)})
	}
	return f
}

// History puts the samples of past days as fast as the destination accepts them, oldest first. It returns their number. It calls the
// destination from as many goroutines as there are processors.
func History(ctx context.Context, to Destination, o Options) (samples int64, err error) {
	fleets := make([]*fleet, min(o.Hosts, runtime.GOMAXPROCS(0)))
	for i := range fleets {
		// Whole hours: a history that ends some minutes later has the same stories.
		fleets[i] = newFleet(to, o, o.From, max(time.Hour, o.To.Sub(o.From).Truncate(time.Hour)), i, len(fleets))
		fleets[i].spread(i, len(fleets))
	}
	each := func(f func(ctx context.Context, f *fleet) error) error {
		group, ctx := errgroup.WithContext(ctx)
		for _, part := range fleets {
			group.Go(func() error { return f(ctx, part) })
		}
		err := group.Wait()
		samples = 0
		for _, part := range fleets {
			samples += part.samples
		}
		return err
	}
	deliver := func() error {
		if err := each(func(ctx context.Context, f *fleet) error { return f.flush(ctx) }); err != nil || o.Deliver == nil {
			return err
		}
		if err := o.Deliver(ctx); err != nil {
			return fmt.Errorf("deliver %d samples: %w", samples, err)
		}
		return nil
	}
	// All hosts go on together, hour by hour, so that a delivery buffer holds few partitions.
	hours := 0
	for t := o.From; t.Before(o.To); t = t.Add(time.Hour) {
		end := t.Add(time.Hour)
		if end.After(o.To) {
			end = o.To
		}
		if err := each(func(ctx context.Context, f *fleet) error { return f.until(ctx, end) }); err != nil {
			return samples, err
		}
		if hours++; hours%hoursAtOnce == 0 {
			if err := deliver(); err != nil {
				return samples, err
			}
		}
		if o.Progress != nil {
			o.Progress(end, samples)
		}
	}
	err = deliver()
	return samples, err
}

// until takes all samples before a time.
func (f *fleet) until(ctx context.Context, end time.Time) error {
	for ; f.next.Before(end); f.next = f.next.Add(f.Interval) {
		if err := f.takeAll(ctx, f.next); err != nil {
			return err
		}
	}
	return nil
}

func (f *fleet) takeAll(ctx context.Context, t time.Time) error {
	for n := range f.members {
		m := &f.members[n]
		at := t.Add(m.offset)
		if !f.To.IsZero() && !at.Before(f.To) {
			continue // the interval of a history's end is not whole
		}
		if err := f.take(ctx, m, at); err != nil {
			return err
		}
	}
	return nil
}

// Live puts samples in real time until the context ends. Before it returns, it puts the packs that are not full.
func Live(ctx context.Context, to Destination, o Options) (samples int64, err error) {
	start := time.Now().Truncate(o.Interval)
	const about = time.Hour // short, so that a person who watches sees the stories
	f := newFleet(to, o, start, about, 0, 1)
	ticker := time.NewTicker(o.Interval)
	defer ticker.Stop()
	for t := start; ; t = t.Add(o.Interval) {
		if err := errors.Join(f.takeAll(ctx, t), f.send(ctx)); err != nil {
			return f.samples, err
		}
		if o.Progress != nil {
			o.Progress(t, f.samples)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return f.samples, f.flush(context.WithoutCancel(ctx))
		}
	}
}

// spread gives each host an offset within the interval, as if its collector was started at another time.
func (f *fleet) spread(first, step int) {
	for i := range f.members {
		rng := rand.New(rand.NewPCG(f.Seed, uint64(first+i*step)))
		f.members[i].offset = time.Duration(rng.Int64N(int64(f.Interval))).Truncate(time.Millisecond)
	}
}

// take takes one sample of one host and sends its pack if it is due.
func (f *fleet) take(ctx context.Context, m *member, t time.Time) error {
	s, ok := m.Sample(t, f.Interval)
	if !ok {
		return nil
	}
	hour := record.HourOf(s.TS)
	if m.count > 0 && (m.hour != hour || t.Sub(m.since) >= f.MaxLatency) {
		if err := f.close(ctx, m); err != nil {
			return err
		}
	}
	if m.count == 0 {
		m.hour, m.since = hour, t
	}
	m.lines = append(s.AppendJSON(m.lines), '\n')
	m.count++
	return nil
}

// close makes a pack of a host's lines. If the next request is full, it sends that first.
func (f *fleet) close(ctx context.Context, m *member) error {
	f.pack.Reset()
	for line := range bytes.Lines(m.lines) {
		if err := f.pack.Add(bytes.TrimSuffix(line, []byte("\n")), m.hour); err != nil {
			return err
		}
	}
	data, err := f.pack.Bytes()
	if err != nil {
		return fmt.Errorf("pack %d samples: %w", m.count, err)
	}
	const maxBytes = 3 << 20 // well below a request's 4 MiB
	if len(f.records) == maxRecords || f.size+len(data) > maxBytes {
		if err := f.send(ctx); err != nil {
			return err
		}
	}
	f.records, f.size = append(f.records, bytes.Clone(data)), f.size+len(data)
	f.samples += int64(m.count)
	m.lines, m.count = m.lines[:0], 0
	return nil
}

func (f *fleet) send(ctx context.Context) error {
	if len(f.records) == 0 {
		return nil
	}
	if err := f.to.Put(ctx, f.records); err != nil {
		return fmt.Errorf("put %d records: %w", len(f.records), err)
	}
	f.records, f.size = f.records[:0], 0
	return nil
}

// flush sends all packs, full or not.
func (f *fleet) flush(ctx context.Context) error {
	for n := range f.members {
		if f.members[n].count == 0 {
			continue
		}
		if err := f.close(ctx, &f.members[n]); err != nil {
			return err
		}
	}
	return f.send(ctx)
}

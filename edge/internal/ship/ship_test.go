package ship_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/ship"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool/spooltest"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// destination answers as the test says, and remembers what it accepted.
type destination struct {
	t *testing.T
	// answer is called for each request, counted from 0. It gets results that accept all records, and may change them or
	// return an error.
	answer func(call int, results []error) ([]error, error)
	// invalid says which samples make a request invalid.
	invalid  func(seq int64) bool
	calls    []call
	accepted map[int64]int // how often each seq was accepted
	packs    map[string]int
}

type call struct {
	at      time.Time
	records int
}

func (d *destination) Put(_ context.Context, records [][]byte) ([]error, error) {
	if len(records) == 0 || len(records) > ship.MaxRecords {
		d.t.Errorf("a request of %d records", len(records))
	}
	d.calls = append(d.calls, call{time.Now(), len(records)})
	for _, data := range records {
		if d.invalid != nil && slices.ContainsFunc(d.seqs(data), d.invalid) {
			return nil, fmt.Errorf("%w: a field is missing", ship.ErrInvalid)
		}
	}
	results := make([]error, len(records))
	var err error
	if d.answer != nil {
		results, err = d.answer(len(d.calls)-1, results)
	}
	if err != nil {
		return nil, err
	}
	size := 0
	for i, data := range records {
		size += len(data)
		if i >= len(results) || results[i] != nil {
			continue
		}
		d.packs[string(data)]++
		for _, seq := range d.seqs(data) {
			d.accepted[seq]++
		}
	}
	if size > ship.MaxRequestBytes {
		d.t.Errorf("a request of %d bytes", size)
	}
	return results, nil
}

// seqs returns the numbers of the samples in a pack.
func (d *destination) seqs(pack []byte) (seqs []int64) {
	var r record.PackReader
	lines, err := r.AppendLines(nil, pack)
	if err != nil {
		d.t.Error(err)
	}
	for line := range bytes.Lines(lines) {
		s, err := record.ParseSample(line)
		if err != nil {
			d.t.Error(err)
		}
		seqs = append(seqs, s.Seq)
	}
	return seqs
}

// fixture is a shipper between a queue and a destination, in a synctest bubble.
type fixture struct {
	t       *testing.T
	queue   *spool.Queue
	to      *destination
	shipper *ship.Shipper
	latency time.Duration
	host    *recordtest.Host
	log     bytes.Buffer
	stop    chan struct{}
	done    chan error
	taken   int64
}

func start(t *testing.T, latency time.Duration, answer func(int, []error) ([]error, error)) *fixture {
	t.Helper()
	// The bubble's clock starts at a full hour; move away from it.
	time.Sleep(10 * time.Minute)
	f := &fixture{
		t: t, queue: openQueue(t, spooltest.New(), 64<<20), latency: latency, host: recordtest.New(5), stop: make(chan struct{}), done: make(chan error, 1),
		to: &destination{t: t, answer: answer, accepted: map[int64]int{}, packs: map[string]int{}},
	}
	f.ship(f.queue)
	return f
}

func openQueue(t *testing.T, fs spool.FS, maxBytes int64) *spool.Queue {
	t.Helper()
	q, err := spool.Open(spool.Options{FS: fs, MaxBytes: maxBytes, Sync: spool.SyncNever, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// ship makes the fixture's shipper, from a queue to the fixture's destination.
func (f *fixture) ship(q ship.Queue) {
	f.shipper = ship.New(q, f.to, ship.Options{
		Pace: ship.Pace{Interval: 3 * time.Second, MaxLatency: f.latency, BacklogRate: 20}, Log: slog.New(slog.NewTextHandler(&f.log, nil)),
	})
}

func (f *fixture) run(ctx context.Context) { go func() { f.done <- f.shipper.Run(ctx, f.stop) }() }

// take appends samples of the present time.
func (f *fixture) take(n int, interval time.Duration) {
	f.t.Helper()
	for range n {
		s := f.host.Sample(time.Now())
		f.taken++
		if err := f.queue.Append(s.AppendJSON(nil)); err != nil {
			f.t.Fatal(err)
		}
		time.Sleep(interval)
	}
	synctest.Wait() // so that the test may read what the destination got
}

func (f *fixture) finish() {
	f.t.Helper()
	close(f.stop)
	if err := <-f.done; err != nil {
		f.t.Errorf("Run: %v", err)
	}
}

// complete checks that every sample was accepted, and none twice unless duplicates are expected.
func (f *fixture) complete(duplicates bool) {
	f.t.Helper()
	for seq := range f.taken {
		if n := f.to.accepted[seq]; n == 0 || n > 1 && !duplicates {
			f.t.Errorf("sample %d was accepted %d times", seq, n)
		}
	}
	if s := f.queue.Stats(); s.Lines != 0 || s.Dropped != 0 {
		f.t.Errorf("the queue is left with %+v", s)
	}
	if got := f.shipper.Stats(); got.Requests != int64(len(f.to.calls)) || got.Unusable != 0 {
		f.t.Errorf("stats are %+v after %d calls", got, len(f.to.calls))
	}
}

func TestHealthy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, time.Minute, nil)
		f.run(t.Context())
		f.take(1200, 3*time.Second) // an hour, across a full hour
		n, first := len(f.to.calls), f.to.calls[0].at
		f.finish()
		f.complete(false)
		// A request comes every 63 or 66 s: 21 or 22 samples are due together. One comes earlier, because samples of the new hour were left
		// for a pack of their own.
		if n < 53 || n > 60 {
			t.Errorf("%d requests in an hour", n)
		}
		early := 0
		for i, c := range f.to.calls[1:n] {
			gap := c.at.Sub(f.to.calls[i].at)
			if gap < time.Minute {
				early++
			}
			if gap > 67*time.Second {
				t.Errorf("request %d follows after %v", i+1, gap)
			}
		}
		if early > 1 {
			t.Errorf("%d requests follow within a minute, want 1 at most", early)
		}
		if waited := first.Sub(time.Now().Add(-time.Hour)); waited > time.Minute {
			t.Errorf("the first request came after %v", waited)
		}
		if got := f.log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "first samples delivered") {
			t.Errorf("log of a healthy hour:\n%s", got)
		}
	})
}

func TestFirstRequestsAreSpread(t *testing.T) {
	var early, late int
	for range 40 {
		synctest.Test(t, func(t *testing.T) {
			f := start(t, time.Minute, nil)
			begin := time.Now()
			f.run(t.Context())
			f.take(25, 3*time.Second)
			switch waited := f.to.calls[0].at.Sub(begin); {
			case waited < 20*time.Second:
				early++
			case waited > 40*time.Second:
				late++
			}
			f.finish()
		})
	}
	if early == 0 || late == 0 {
		t.Errorf("of 40 machines %d sent in the first third of the period, %d in the last", early, late)
	}
}

var errBroken = errors.New("broken")

// TestInvalidSamples: samples that a destination refuses for ever are found among the others and rejected. If it refuses everything, no
// sample is rejected, because the fault may be its own.
func TestInvalidSamples(t *testing.T) {
	for name, bad := range map[string][]int64{"one": {30}, "the first": {0}, "two of one pack": {30, 33}, "far apart": {7, 200, 300}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := start(t, time.Minute, nil)
				f.to.invalid = func(seq int64) bool { return slices.Contains(bad, seq) }
				f.run(t.Context())
				f.take(400, 3*time.Second)
				time.Sleep(time.Hour)
				f.finish()
				for seq := range f.taken {
					if n, want := f.to.accepted[seq], !slices.Contains(bad, seq); n > 1 || n == 1 != want {
						t.Errorf("sample %d was accepted %d times", seq, n)
					}
				}
				if s := f.shipper.Stats(); s.Unusable != int64(len(bad)) || f.queue.Stats().Lines != 0 {
					t.Errorf("%+v, %+v", s, f.queue.Stats())
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		f := start(t, time.Minute, nil)
		var all atomic.Bool
		all.Store(true)
		f.to.invalid = func(int64) bool { return all.Load() }
		f.run(t.Context())
		f.take(100, 3*time.Second)
		time.Sleep(time.Hour)
		synctest.Wait()
		if s := f.shipper.Stats(); s.Unusable != 0 || f.queue.Stats().Lines != 100 {
			t.Errorf("all refused: %+v, %+v", s, f.queue.Stats())
		}
		all.Store(false)
		time.Sleep(time.Hour)
		f.finish()
		f.complete(false)
	})
}

// TestDeliversThrough: whatever the destination answers for a while, every sample is accepted in the end.
func TestDeliversThrough(t *testing.T) {
	throttled := fmt.Errorf("%w: slow down", ship.ErrThrottled)
	for name, c := range map[string]struct {
		answer     func(call int, results []error) ([]error, error)
		duplicates bool // the destination accepts records without saying so
	}{
		"all calls fail for a while": {answer: func(call int, r []error) ([]error, error) {
			if call < 12 {
				return nil, errBroken
			}
			return r, nil
		}},
		"every third call is throttled": {answer: func(call int, r []error) ([]error, error) {
			if call%3 == 0 {
				return nil, throttled
			}
			return r, nil
		}},
		"every second record fails": {answer: func(call int, r []error) ([]error, error) {
			for i := range r {
				if i%2 == call%2 {
					r[i] = throttled
				}
			}
			return r, nil
		}},
		"random records fail": {answer: func(call int, r []error) ([]error, error) {
			rng := rand.New(rand.NewPCG(uint64(call), 3))
			for i := range r {
				if rng.IntN(3) > 0 {
					r[i] = errBroken
				}
			}
			return r, nil
		}},
		"short answers": {duplicates: true, answer: func(call int, r []error) ([]error, error) {
			if call%2 == 0 {
				return r[:len(r)-1], nil
			}
			return r, nil
		}},
		"no answers": {answer: func(call int, r []error) ([]error, error) {
			if call%2 == 0 {
				return nil, nil
			}
			return r, nil
		}},
		"long answers": {duplicates: true, answer: func(call int, r []error) ([]error, error) {
			if call%2 == 0 {
				return append(r, nil), nil
			}
			return r, nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := start(t, 30*time.Second, c.answer)
				f.take(1300, 10*time.Second) // a backlog of 3.6 hours
				f.run(t.Context())
				f.take(20, 3*time.Second)
				time.Sleep(10 * time.Minute)
				f.finish()
				f.complete(c.duplicates)
				if n := strings.Count(f.log.String(), "\n"); n > 2*len(f.to.calls)+1 {
					t.Errorf("%d lines of log for %d calls", n, len(f.to.calls))
				}
			})
		})
	}
}

// TestOnlyFailedRecordsAreSentAgain: only failed records are sent again, with the same bytes.
func TestOnlyFailedRecordsAreSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, time.Second, func(call int, r []error) ([]error, error) {
			if call == 0 {
				r[1] = errBroken
			}
			return r, nil
		})
		f.take(3, 59*time.Minute) // three hours, three records; the newest is not sent with the others
		f.run(t.Context())
		time.Sleep(time.Minute)
		f.finish()
		f.complete(false)
		if len(f.to.calls) != 3 || f.to.calls[0].records != 2 || f.to.calls[1].records != 1 || f.to.calls[2].records != 1 {
			t.Errorf("calls are %+v, want 2 records, the refused one again, and the newest", f.to.calls)
		}
		if len(f.to.packs) != 3 {
			t.Errorf("%d different records were accepted, want 3", len(f.to.packs))
		}
	})
}

// TestRecordsStayTheSame: while the destination fails, new samples do not change the records that are being sent.
func TestRecordsStayTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, 10*time.Second, nil)
		seen := map[int]bool{}
		f.to.answer = func(call int, r []error) ([]error, error) {
			seen[len(r)] = true
			if call < 20 {
				return nil, errBroken
			}
			return r, nil
		}
		f.run(t.Context())
		f.take(200, 3*time.Second)
		time.Sleep(10 * time.Minute)
		f.finish()
		f.complete(false)
		first := f.to.calls[0].records
		for i, c := range f.to.calls[:21] {
			if c.records != first {
				t.Errorf("call %d has %d records, the first had %d", i, c.records, first)
			}
		}
	})
}

func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, 30*time.Second, func(int, []error) ([]error, error) { return nil, ship.ErrThrottled })
		ctx, cancel := context.WithCancel(t.Context())
		f.run(ctx)
		f.take(1, time.Hour)
		cancel()
		if err := <-f.done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
		// Pauses of 15 s on average, once they are long.
		if n := len(f.to.calls); n < 150 || n > 400 {
			t.Errorf("%d calls in an hour of throttling", n)
		}
		if n := strings.Count(f.log.String(), "\n"); n != 1 {
			t.Errorf("%d lines of log:\n%s", n, f.log.String())
		}
		if got := f.queue.Stats(); got.Lines != 1 {
			t.Errorf("the sample is not in the queue any more: %+v", got)
		}
	})
}

func TestStopDeliversWhatIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, 15*time.Minute, nil)
		f.run(t.Context())
		f.take(5, 3*time.Second)
		begin := time.Now()
		f.finish()
		f.complete(false)
		if waited := time.Since(begin); waited > time.Second {
			t.Errorf("stopping took %v", waited)
		}
	})
}

// TestStopSendsFreshSamplesFirst: fresh samples that are only in memory go first, because a stop would lose them. The backlog on disk, which
// takes many requests, waits.
func TestStopSendsFreshSamplesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, 15*time.Minute, func(call int, r []error) ([]error, error) {
			if call > 0 {
				return nil, errBroken
			}
			return r, nil
		})
		fs := spooltest.New()
		q := openQueue(t, fs, 8<<20)
		f.queue = q
		f.ship(q)
		f.take(1200, time.Millisecond)
		q.Split()
		fs.Fail = func(_ int, op string) error {
			if strings.HasPrefix(op, "write") {
				return syscall.EIO
			}
			return nil
		}
		f.take(20, time.Millisecond)
		if s := q.Stats(); s.MemoryLines != 20 {
			t.Fatalf("%+v", s)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		close(f.stop)
		f.run(ctx)
		if err := <-f.done; err != nil {
			t.Errorf("Run: %v", err)
		}
		for seq := int64(1200); seq < 1220; seq++ {
			if f.to.accepted[seq] != 1 {
				t.Errorf("sample %d, which is only in memory, was not sent by the first request", seq)
			}
		}
	})
}

func TestStopGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, time.Second, func(int, []error) ([]error, error) { return nil, errBroken })
		ctx, cancel := context.WithCancel(t.Context())
		f.run(ctx)
		f.take(5, 3*time.Second)
		close(f.stop)
		time.Sleep(10 * time.Second)
		cancel()
		if err := <-f.done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
		if got := f.shipper.Stats(); got.Samples != 0 || got.Requests == 0 {
			t.Errorf("stats are %+v", got)
		}
	})
}

// TestQueueOverflowsWhileSending: each sample is either delivered or counted as dropped, also if the spool drops it while it is sent.
func TestQueueOverflowsWhileSending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, 10*time.Second, func(call int, r []error) ([]error, error) {
			if call < 150 {
				return nil, errBroken
			}
			return r, nil
		})
		small := openQueue(t, spooltest.New(), spool.MinBytes)
		f.queue = small
		f.ship(small)
		f.run(t.Context())
		f.take(3000, 300*time.Millisecond)
		time.Sleep(time.Hour)
		f.finish()
		if got := small.Stats(); int64(len(f.to.accepted))+got.Dropped != f.taken || got.Dropped == 0 {
			t.Errorf("%d taken, %d accepted, %d dropped", f.taken, len(f.to.accepted), got.Dropped)
		}
	})
}

// TestQueueThatCannotBeRead: for an hour the backlog cannot be read from the disk. Fresh samples are delivered meanwhile, the backlog
// afterwards. The shipper pauses between attempts to read.
func TestQueueThatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, time.Minute, nil)
		fs := spooltest.New()
		q := openQueue(t, fs, 8<<20)
		f.queue = q
		f.ship(q)
		f.take(300, 3*time.Second) // some segments
		q.Split()
		var works atomic.Bool
		var refused atomic.Int64
		fs.Fail = func(_ int, op string) error {
			if strings.HasPrefix(op, "open ") && !works.Load() {
				refused.Add(1)
				return syscall.EMFILE
			}
			return nil
		}
		f.run(t.Context())
		f.take(1200, 3*time.Second)
		if n := len(f.to.accepted); n < 1100 || n > 1200 {
			t.Errorf("%d samples are delivered while the backlog cannot be read, of 1200", n)
		}
		if n := refused.Load(); n < 10 || n > 5000 {
			t.Errorf("the disk was asked %d times in an hour", n)
		}
		works.Store(true)
		time.Sleep(time.Hour)
		f.finish()
		f.complete(false)
		if s := q.Stats(); s.Damaged+s.Dropped+s.SetAside != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// TestLineThatIsNotASampleDoesNotBlock: it is rejected. That is a problem for an hour, and longer if no sample is delivered.
func TestLineThatIsNotASampleDoesNotBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, time.Second, nil)
		if err := f.queue.Append([]byte("rubbish")); err != nil {
			t.Fatal(err)
		}
		f.run(t.Context())
		for _, step := range []struct {
			pause time.Duration
			want  int
		}{{0, 1}, {50 * time.Minute, 1}, {0, 1}, {20 * time.Minute, 1}, {0, 0}} {
			if time.Sleep(step.pause); step.pause == 0 {
				f.take(5, time.Second)
			}
			if now, _ := retry.Problems(f.shipper.Health()...); len(now) != step.want {
				t.Errorf("after %v problems are %+v", step.pause, now)
			}
		}
		f.finish()
		if got := f.shipper.Stats(); got.Unusable != 1 || got.Samples != 15 {
			t.Errorf("stats are %+v", got)
		}
	})
}

// TestShipperThatEnds: why it ended is a problem until a later run delivers.
func TestShipperThatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, time.Second, nil)
		broken := &brokenQueue{Queue: f.queue, broken: true}
		f.ship(broken)
		f.run(t.Context())
		f.take(5, time.Second)
		if err := <-f.done; !errors.Is(err, spool.ErrOutOfOrder) {
			t.Fatalf("Run: %v", err)
		}
		if now, _ := retry.Problems(f.shipper.Health()...); len(now) != 1 || !strings.Contains(now[0].Error, "acknowledge 1 samples") {
			t.Errorf("problems are %+v", now)
		}
		broken.broken = false
		f.run(t.Context())
		f.take(5, time.Second)
		if now, _ := retry.Problems(f.shipper.Health()...); len(now) != 0 {
			t.Errorf("problems are %+v", now)
		}
		f.finish()
	})
}

// brokenQueue is a queue that does not take acknowledgements while it is broken.
type brokenQueue struct {
	ship.Queue
	broken bool
}

func (q *brokenQueue) Ack(b spool.Batch) error {
	if q.broken {
		return spool.ErrOutOfOrder
	}
	return q.Queue.Ack(b)
}

// TestTune: samples that wait are sent within the new latency, and a pause between attempts ends.
func TestTune(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := start(t, 15*time.Minute, nil)
		f.run(t.Context())
		f.take(100, 3*time.Second)
		time.Sleep(15 * time.Minute) // all is sent
		f.take(1, time.Second)
		before := len(f.to.calls)
		f.shipper.Tune(ship.Pace{Interval: 3 * time.Second, MaxLatency: 10 * time.Second, BacklogRate: 20})
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if n := len(f.to.calls) - before; n != 1 {
			t.Errorf("%d requests within the new latency", n)
		}
		f.to.answer = func(int, []error) ([]error, error) { return nil, errBroken }
		f.take(100, 3*time.Second)
		f.to.answer = nil
		f.shipper.Tune(ship.Pace{Interval: 3 * time.Second, MaxLatency: time.Hour, BacklogRate: 20})
		before = len(f.to.calls)
		synctest.Wait()
		if n := len(f.to.calls) - before; n != 1 {
			t.Errorf("%d requests at once after the destination's trouble is over", n)
		}
		f.finish()
		f.complete(false)
	})
}

// TestNewCredentialsAreUsedWithinAMinute: pauses while credentials are refused are short, even if MaxLatency is long.
func TestNewCredentialsAreUsedWithinAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := fmt.Errorf("%w: expired", ship.ErrCredentials)
		f := start(t, 15*time.Minute, func(int, []error) ([]error, error) { return nil, refused })
		f.run(t.Context())
		f.take(1200, 3*time.Second)
		for i, c := range f.to.calls[1:] {
			if pause := c.at.Sub(f.to.calls[i].at); pause > 31*time.Second {
				t.Errorf("call %d came after %v", i+1, pause)
			}
		}
		f.to.answer = nil
		f.finish()
		f.complete(false)
	})
}

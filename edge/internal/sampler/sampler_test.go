package sampler_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/collect"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/sampler"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// slow is a collector whose readings take a while.
type slow struct {
	takes func(seq int64) time.Duration
	at    []collect.Moment
}

func (c *slow) Collect(_ context.Context, at collect.Moment, s *record.Sample) {
	c.at = append(c.at, at)
	s.Hostname = "h"
	if c.takes != nil {
		time.Sleep(c.takes(s.Seq))
	}
}

type memory struct {
	samples []record.Sample
	err     error
}

func (m *memory) Append(lines ...[]byte) error {
	if m.err != nil {
		return m.err
	}
	for _, l := range lines {
		s, err := record.ParseSample(l)
		if err != nil {
			return err
		}
		m.samples = append(m.samples, s)
	}
	return nil
}

func run(t *testing.T, interval, length time.Duration, c *slow, sink *memory, log *slog.Logger) *sampler.Sampler {
	t.Helper()
	// The bubble's clock starts in 2000, before any sample is plausible.
	time.Sleep(time.Until(time.Date(2026, 2, 3, 4, 0, 0, 0, time.UTC)))
	sm := sampler.New(interval, sampler.Labels{Env: "prod", NodeRole: "web", Tags: map[string]string{"a": "b"}}, c, log)
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	sm.Run(ctx, sink)
	return sm
}

func TestGrid(t *testing.T) {
	for name, c := range map[string]struct {
		takes func(int64) time.Duration
		want  []int // seconds after the start
	}{
		"at once":                  {nil, []int{0, 3, 6, 9, 12}},
		"slow but in time":         {func(int64) time.Duration { return 2900 * time.Millisecond }, []int{0, 3, 6, 9, 12}},
		"one takes over two ticks": {func(seq int64) time.Duration { return []time.Duration{0, 7 * time.Second, 0}[min(seq, 2)] }, []int{0, 3, 12}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				collector, sink := &slow{takes: c.takes}, &memory{}
				sm := run(t, 3*time.Second, 14*time.Second, collector, sink, slog.New(slog.DiscardHandler))
				var got []int
				for i, s := range sink.samples {
					got = append(got, int(s.TS-sink.samples[0].TS+0.5))
					if s.Seq != int64(i) || s.SessionID != sm.Session() || s.IntervalS != 3 {
						t.Errorf("sample %d: seq %d, session %q, interval %d", i, s.Seq, s.SessionID, s.IntervalS)
					}
					if s.Env != "prod" || s.NodeRole != "web" || s.Tags["a"] != "b" || s.Hostname != "h" {
						t.Errorf("labels are lost: %+v", s)
					}
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("samples at %v s, want %v", got, c.want)
				}
				if sm.Taken() != int64(len(c.want)) {
					t.Errorf("%d taken, want %d", sm.Taken(), len(c.want))
				}
			})
		})
	}
}

// watching is a collector that looks between samples too.
type watching struct {
	slow
	looks []time.Duration // after the first sample
}

func (c *watching) Watch(at collect.Moment) { c.looks = append(c.looks, at.Mono-c.at[0].Mono) }

// TestWatch: if samples are far apart, the collector looks in between, and the grid stays.
func TestWatch(t *testing.T) {
	for _, c := range []struct {
		interval time.Duration
		want     []time.Duration
	}{
		{3 * time.Second, nil}, {15 * time.Second, nil}, {20 * time.Second, []time.Duration{15, 35, 55}}, {time.Minute, []time.Duration{15, 30, 45}},
	} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(time.Date(2026, 2, 3, 4, 0, 0, 0, time.UTC)))
			collector, sink := &watching{}, &memory{}
			sm := sampler.New(c.interval, sampler.Labels{}, collector, slog.New(slog.DiscardHandler))
			ctx, cancel := context.WithTimeout(t.Context(), 61*time.Second)
			defer cancel()
			sm.Run(ctx, sink)
			for i := range c.want {
				c.want[i] *= time.Second
			}
			if !slices.Equal(collector.looks, c.want) || len(sink.samples) != int(time.Minute/c.interval)+1 {
				t.Errorf("at %v: %d samples, and looks at %v, want %v", c.interval, len(sink.samples), collector.looks, c.want)
			}
		})
	}
}

// TestHostname: the configured name replaces the machine's own.
func TestHostname(t *testing.T) {
	for name, want := range map[string]string{"": "h", "web-1": "web-1"} {
		sm := sampler.New(time.Second, sampler.Labels{Hostname: name}, &slow{}, slog.New(slog.DiscardHandler))
		if s, ok := sm.Sample(t.Context()); !ok || s.Hostname != want {
			t.Errorf("with name %q hostname is %q, want %q", name, s.Hostname, want)
		}
	}
}

func TestGridDoesNotDrift(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		collector := &slow{takes: func(seq int64) time.Duration { return time.Duration(seq%7) * time.Millisecond }}
		run(t, time.Second, time.Hour-time.Millisecond, collector, &memory{}, slog.New(slog.DiscardHandler))
		last := collector.at[len(collector.at)-1]
		if got := last.Mono - collector.at[0].Mono; got != 3599*time.Second || len(collector.at) != 3600 {
			t.Errorf("after %d samples the grid stands at %v", len(collector.at), got)
		}
	})
}

func TestSessionsDiffer(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	a := sampler.New(time.Second, sampler.Labels{}, &slow{}, log).Session()
	b := sampler.New(time.Second, sampler.Labels{}, &slow{}, log).Session()
	if a == b || len(a) != 16 {
		t.Errorf("sessions %q and %q", a, b)
	}
}

func TestClockThatIsNotSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // 2000-01-01 in the bubble
		var out bytes.Buffer
		sink := &memory{}
		sm := sampler.New(time.Second, sampler.Labels{}, &slow{}, slog.New(slog.NewTextHandler(&out, nil)))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		sm.Run(ctx, sink)
		if len(sink.samples) != 0 || sm.Taken() != 0 {
			t.Errorf("%d samples with a clock in 2000", len(sink.samples))
		}
		if n := strings.Count(out.String(), "before 2020"); n != 1 {
			t.Errorf("said %d times:\n%s", n, out.String())
		}
	})
}

func TestSinkThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		sink := &memory{err: errors.New("no room")}
		sm := run(t, time.Second, 10*time.Second, &slow{}, sink, slog.New(slog.NewTextHandler(&out, nil)))
		if sm.Lost() != sm.Taken() || sm.Lost() == 0 {
			t.Errorf("%d taken, %d lost", sm.Taken(), sm.Lost())
		}
		if n := strings.Count(out.String(), "no room"); n != 1 {
			t.Errorf("said %d times:\n%s", n, out.String())
		}
	})
}

// TestTune: a sampler that is tuned while it runs keeps session, numbers and grid. With another interval it begins a new grid. It is
// not overdue in between.
func TestTune(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 2, 3, 4, 0, 0, 0, time.UTC)))
		collector, sink := &slow{}, &memory{}
		sm := sampler.New(10*time.Minute, sampler.Labels{}, collector, slog.New(slog.DiscardHandler))
		tune := func(interval time.Duration, env string) {
			sm.Tune(interval, sampler.Labels{Env: env}, collector)
			synctest.Wait()
			if late := sm.Overdue(); late > 0 {
				t.Errorf("overdue by %v after it was tuned to %v", late, interval)
			}
		}
		tune(3*time.Second, "prod") // before the first sample
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); sm.Run(ctx, sink) }()
		time.Sleep(7 * time.Second)       // 0, 3, 6
		tune(3*time.Second, "same grid")  // at 7: 9, 12
		time.Sleep(6 * time.Second)       //
		tune(5*time.Second, "other grid") // at 13: 18, 23
		time.Sleep(12 * time.Second)
		tune(time.Second, "faster") // at 25: not overdue, though the last sample is older than an interval
		cancel()
		<-done
		for i, want := range []struct {
			at       int
			interval int32
			env      string
		}{
			{0, 3, "prod"}, {3, 3, "prod"}, {6, 3, "prod"}, {9, 3, "same grid"}, {12, 3, "same grid"}, {18, 5, "other grid"}, {23, 5, "other grid"},
		} {
			if i >= len(sink.samples) {
				t.Fatalf("%d samples", len(sink.samples))
			}
			s := sink.samples[i]
			if at := int(s.TS - sink.samples[0].TS + 0.5); at != want.at || s.IntervalS != want.interval || s.Env != want.env || s.Seq != int64(i) || s.SessionID != sm.Session() {
				t.Errorf("sample %d at %d s is %s, want %v", i, at, s.AppendJSON(nil), want)
			}
		}
	})
}

// TestOverdue: a sampler is overdue if its collector hangs, but not while it waits for the next tick.
func TestOverdue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		sm := sampler.New(10*time.Second, sampler.Labels{}, hanging(hang), slog.New(slog.DiscardHandler))
		time.Sleep(time.Until(time.Date(2026, 2, 3, 4, 0, 0, 0, time.UTC)))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan struct{})
		go func() { defer close(done); sm.Run(ctx, &memory{}) }()
		time.Sleep(50 * time.Second) // the fourth hangs, due at 30 s
		if late := sm.Overdue(); late != 20*time.Second {
			t.Errorf("overdue by %v, want 20s", late)
		}
		close(hang)
		synctest.Wait()
		if late := sm.Overdue(); late > 0 {
			t.Errorf("overdue by %v after it went on", late)
		}
		cancel()
		<-done
	})
}

// hanging is a collector whose fourth reading waits for the channel.
type hanging chan struct{}

func (c hanging) Collect(_ context.Context, _ collect.Moment, s *record.Sample) {
	if s.Seq == 3 {
		<-c
	}
}

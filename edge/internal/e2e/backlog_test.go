package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud/cloudtest"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/sampler"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// TestFreshSamplesPassTheBacklog: after an outage of ten hours, fresh samples arrive as usual. Those of the outage arrive oldest first
// and no faster than allowed.
func TestFreshSamplesPassTheBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.Fault = func(_ int, rw http.ResponseWriter, _ *http.Request) cloudtest.Outcome {
			return cloudtest.Fail(rw, 500, "InternalFailure")
		}
		m := w.start(setup{spoolBytes: 64 << 20})
		begin := time.Now()
		time.Sleep(10 * time.Hour)
		w.Mu.Lock()
		w.Fault = nil
		w.Mu.Unlock()
		back := time.Now()
		time.Sleep(time.Hour)
		m.end()
		w.check(m)
		oldest, drained := int64(-1), time.Time{}
		for n, r := range w.Puts {
			if r.At.Before(back) {
				t.Fatalf("request %d was accepted in the outage", n)
			}
			age := r.At.Sub(begin.Add(time.Duration(r.IDs[0].Seq) * 3 * time.Second))
			switch first := r.IDs[0].Seq; {
			case age < 2*time.Minute: // fresh
			case first <= oldest:
				t.Errorf("request %d begins with sample %d, after %d", n, first, oldest)
			default:
				oldest, drained = first, r.At
			}
		}
		// Soon after the outage, each sample has arrived two minutes after it was taken.
		arrived := map[int64]time.Time{}
		for _, r := range w.Puts {
			for _, i := range r.IDs {
				arrived[i.Seq] = r.At
			}
		}
		for seq := range m.sampler.Taken() {
			at := begin.Add(time.Duration(seq) * 3 * time.Second)
			if late := arrived[seq].Sub(at); at.After(back.Add(2*time.Minute)) && late > 2*time.Minute {
				t.Errorf("sample %d is %v late", seq, late)
			}
		}
		// At 20 times the usual pace, 12,000 samples take half an hour.
		if took := drained.Sub(back); took < 28*time.Minute || took > 40*time.Minute {
			t.Errorf("the backlog took %v", took)
		}
		if n := len(w.Puts); n > 60+12_000/200+10 {
			t.Errorf("%d requests in the hour after the outage", n)
		}
	})
}

// TestPoison: samples that are always refused are set aside, and only they. They do not block others.
func TestPoison(t *testing.T) {
	for name, bad := range map[string][]int64{
		"one": {100}, "the first": {0}, "neighbours": {100, 101, 102}, "some": {7, 100, 333, 900}, "in a backlog": {1200, 1300},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				begin := time.Now()
				w.Fault = func(_ int, rw http.ResponseWriter, _ *http.Request) cloudtest.Outcome {
					if since := time.Since(begin); name == "in a backlog" && since > time.Hour && since < 90*time.Minute {
						return cloudtest.Fail(rw, 500, "InternalFailure")
					}
					return cloudtest.Outcome{Poison: func(seq int64) bool { return slices.Contains(bad, seq) }}
				}
				m := w.start(setup{})
				time.Sleep(3 * time.Hour)
				m.end()
				if n := w.check(m); n > 0 {
					t.Errorf("%d duplicates", n)
				}
				if s := m.shipper.Stats(); int(s.Unusable) != len(bad) || m.queue.Stats().Lines != 0 {
					t.Errorf("%+v, %+v", s, m.queue.Stats())
				}
				for _, seq := range bad {
					if !strings.Contains(m.fs.Content("rejected.jsonl"), fmt.Sprintf(`"seq":%d,`, seq)) {
						t.Errorf("sample %d is not set aside", seq)
					}
				}
			})
		})
	}
}

// stepping is a collector on a machine whose wall clock is stepped.
type stepping struct {
	to   sampler.Sink
	step func(seq int64) time.Duration
}

func (s stepping) Append(lines ...[]byte) error {
	for _, l := range lines {
		sample, err := record.ParseSample(l)
		if err != nil {
			return err
		}
		sample.TS += s.step(sample.Seq).Seconds()
		if err := s.to.Append(sample.AppendJSON(nil)); err != nil {
			return err
		}
	}
	return nil
}

// TestClockSteps: whatever the clock does, all samples arrive, once, in order and on time.
func TestClockSteps(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for name, step := range map[string]func(seq int64) time.Duration{
		"an hour ahead":    func(seq int64) time.Duration { return time.Duration(seq/300) * time.Hour },
		"an hour back":     func(seq int64) time.Duration { return -time.Duration(seq/300) * time.Hour },
		"a day to and fro": func(seq int64) time.Duration { return time.Duration(seq/100%2) * 24 * time.Hour },
		"every sample":     func(int64) time.Duration { return time.Duration(rng.IntN(48)-24) * time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				m := w.start(setup{sink: func(s sampler.Sink) sampler.Sink { return stepping{s, step} }})
				begin := time.Now()
				time.Sleep(time.Hour)
				m.end()
				if n := w.check(m); n > 0 {
					t.Errorf("%d duplicates", n)
				}
				next := int64(0)
				for _, r := range w.Puts {
					for _, i := range r.IDs {
						if i.Seq != next {
							t.Fatalf("sample %d arrives where %d should", i.Seq, next)
						}
						if late := r.At.Sub(begin.Add(time.Duration(next) * 3 * time.Second)); late > 3*time.Minute {
							t.Errorf("sample %d is %v late", next, late)
						}
						next++
					}
				}
			})
		})
	}
}

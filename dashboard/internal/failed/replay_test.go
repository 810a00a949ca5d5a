package failed_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/failed"
)

const (
	bigObject   = "errors/processing-failed/2026/02/03/S-1-2026-02-03-04-05-06-a"
	smallObject = "errors/format-conversion-failed/2026/02/03/S-1-2026-02-03-04-05-06-b"
)

// failures are two objects: one of two batches, one of two records.
func failures() (objects map[string]string, records []string) {
	var big, small strings.Builder
	for i := range 502 {
		records = append(records, sample("big", i))
		big.WriteString(line(sample("big", i), status, arrived))
	}
	for i := range 2 {
		records = append(records, sample("small", i))
		small.WriteString(line(sample("small", i), "DataFormatConversion.MalformedData", arrived))
	}
	return map[string]string{bigObject: big.String(), smallObject: small.String()}, records
}

func TestReplay(t *testing.T) {
	objects, records := failures()
	storages(t, objects, func(t *testing.T, storage failed.Storage) {
		f := newFirehose()
		report, err := replay(storage, f).Run(t.Context())
		if err != nil || report.Accepted != len(records) || report.Moved != 2 || report.Doubt != 0 {
			t.Fatal(report, err)
		}
		exactlyOnce(t, f, records)
		if left := keys(t, storage, failed.Errors); len(left) > 0 {
			t.Errorf("still below errors/: %v", left)
		}
		moved := slices.DeleteFunc(keys(t, storage, failed.Replayed), func(key string) bool { return strings.HasPrefix(key, "replayed/_state/") })
		if len(moved) != 2 || moved[1] != strings.Replace(bigObject, "errors", "replayed", 1) {
			t.Errorf("moved are %v", moved)
		}
		if slices.Max(f.batches) > 500 {
			t.Errorf("batches of %v records", f.batches)
		}
	})
}

func exactlyOnce(t *testing.T, f *firehose, records []string) {
	t.Helper()
	for _, r := range records {
		if n := f.accepted[r]; n != 1 {
			t.Errorf("record %s was accepted %d times", r, n)
		}
	}
	if len(f.accepted) != len(records) {
		t.Errorf("%d records were accepted, want %d", len(f.accepted), len(records))
	}
}

// TestDeath lets the process die at each of its steps, before the step has its effect and after it. No record is ever accepted twice.
// Records in doubt are of one batch. Once they are settled, each record was accepted once.
func TestDeath(t *testing.T) {
	objects, records := failures()
	storages(t, objects, func(t *testing.T, _ failed.Storage) {
		for _, after := range []bool{false, true} {
			doubts, steps := 0, 0
			for at := 1; ; at++ {
				var storage failed.Storage = newBucket(objects)
				if strings.HasSuffix(t.Name(), "folder") {
					storage = newFolder(t, objects)
				}
				f := newFirehose()
				p := &process{Storage: storage, stream: f, at: at, after: after}
				_, err := replay(p, processStream{p}).Run(t.Context())
				if !p.dead {
					if err != nil {
						t.Fatal(err)
					}
					break
				}
				steps++
				if err == nil {
					t.Errorf("step %d, %s: the death is not reported", at, p.where)
				}
				doubts += survives(t, storage, f, records, fmt.Sprintf("step %d, %s, after %v", at, p.where, after))
			}
			if steps < 20 || doubts == 0 {
				t.Errorf("the process died at %d steps and left %d records in doubt", steps, doubts)
			}
		}
	})
}

// survives replays after a death, and returns how many records the death left in doubt.
func survives(t *testing.T, storage failed.Storage, f *firehose, records []string, what string) (doubt int) {
	t.Helper()
	report, err := replay(storage, f).Run(t.Context())
	if err != nil || report.Doubt > 500 {
		t.Errorf("%s: %+v, %v", what, report, err)
	}
	open := 0
	err = failed.Walk(t.Context(), storage, failed.Selection{}, func(found failed.Found) error {
		if open++; !found.Doubt {
			t.Errorf("%s: %s was not sent", what, found.Name())
		}
		return nil
	})
	if err != nil || open != report.Doubt {
		t.Errorf("%s: %d records are open, %d in doubt, %v", what, open, report.Doubt, err)
	}
	for _, r := range records {
		if n := f.accepted[r]; n > 1 {
			t.Errorf("%s: record %s was accepted %d times", what, r, n)
		}
	}
	settled, err := (failed.Doubts{Storage: storage, Now: time.Now().Add(26 * time.Hour), Delivered: f.delivered}).Settle(t.Context(), failed.Check)
	if err != nil || settled.Left > 0 || settled.Arrived+settled.Freed != report.Doubt {
		t.Errorf("%s: of %d in doubt %+v, %v", what, report.Doubt, settled, err)
	}
	if _, err := replay(storage, f).Run(t.Context()); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	exactlyOnce(t, f, records)
	if left := keys(t, storage, failed.Errors); len(left) > 0 {
		t.Errorf("%s: still below errors/: %v", what, left)
	}
	return report.Doubt
}

// delivered is what the lake would say: all that the stream accepted has arrived.
func (f *firehose) delivered(_ context.Context, samples []failed.Sample) (map[failed.SampleID]bool, error) {
	there := map[failed.SampleID]bool{}
	for _, s := range samples {
		host := strings.TrimPrefix(s.Session, "s-")
		there[s.ID()] = f.accepted[sample(host, int(s.Seq))] > 0
	}
	return there, nil
}

// TestTwoAtOnce runs several replays of one bucket at the same time. None has a lock.
func TestTwoAtOnce(t *testing.T) {
	objects, records := failures()
	for range 10 {
		b, f := newBucket(objects), newFirehose()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if _, err := replay(b, f).Run(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if _, err := replay(b, f).Run(t.Context()); err != nil { // a run leaves what another one has claimed, and moves nothing then
			t.Error(err)
		}
		exactlyOnce(t, f, records)
		if left := keys(t, b, failed.Errors); len(left) > 0 {
			t.Errorf("still below errors/: %v", left)
		}
	}
}

func TestLock(t *testing.T) {
	f := newFolder(t, nil)
	release, exclusive, err := f.Lock()
	if err != nil || !exclusive {
		t.Fatal(exclusive, err)
	}
	if _, _, err := f.Lock(); err == nil || !strings.Contains(err.Error(), "another replay") {
		t.Errorf("second lock: %v", err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Lock(); err != nil {
		t.Error(err)
	}
}

// lostAnswers is a bucket that writes states and then fails, as if the answer were lost and the client had asked again.
type lostAnswers struct {
	*bucket
	n int
}

func (l *lostAnswers) Put(ctx context.Context, key string, content []byte, version string) (string, error) {
	v, err := l.bucket.Put(ctx, key, content, version)
	if l.n++; err == nil && l.n%2 == 1 {
		return "", failed.ErrConflict
	}
	return v, err
}

func TestLostAnswersOfStates(t *testing.T) {
	objects, records := failures()
	f := newFirehose()
	report, err := replay(&lostAnswers{bucket: newBucket(objects)}, f).Run(t.Context())
	if err != nil || report.Moved != 2 {
		t.Fatal(report, err)
	}
	exactlyOnce(t, f, records)
}

// answers is a stream that answers with errors.
type answers struct {
	errs  []error
	calls int
}

func (a *answers) Put(_ context.Context, records [][]byte) ([]error, error) {
	err := a.errs[min(a.calls, len(a.errs)-1)]
	a.calls++
	return make([]error, len(records)), err
}

func TestAnswers(t *testing.T) {
	objects, records := failures()
	throttled := fmt.Errorf("%w: slow down", failed.ErrThrottled)
	for name, c := range map[string]struct {
		errs                     []error
		calls, accepted, doubtOf int
		want                     string
	}{
		"throttled, then accepted": {[]error{throttled, throttled, nil}, 5, len(records), 0, ""},
		"throttled for ever":       {[]error{throttled}, 10, 0, 0, "in 10 attempts"},
		"refused":                  {[]error{fmt.Errorf("%w: no", failed.ErrRefused)}, 1, 0, 0, "refuses"},
		"no answer":                {[]error{errors.New("connection reset")}, 1, 0, 2, "2 records were sent, and it is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			b, a := newBucket(objects), &answers{errs: c.errs}
			report, err := replay(b, a).Run(t.Context())
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
			if a.calls != c.calls || report.Accepted != c.accepted || report.Doubt != c.doubtOf {
				t.Errorf("%d calls, %+v", a.calls, report)
			}
			again := newFirehose()
			if report, err := replay(b, again).Run(t.Context()); err != nil || report.Accepted != len(records)-c.accepted-c.doubtOf {
				t.Errorf("the next run: %+v, %v", report, err)
			}
		})
	}
}

// TestInDoubt is what each choice does about the records of a request without an answer.
func TestInDoubt(t *testing.T) {
	objects, _ := failures()
	delivered := func(_ context.Context, samples []failed.Sample) (map[failed.SampleID]bool, error) {
		return map[failed.SampleID]bool{samples[0].ID(): true}, nil
	}
	for name, c := range map[string]struct {
		how   string
		age   time.Duration
		again bool // Firehose gave the second record up again
		want  failed.Settled
		sent  int
	}{
		"keep":                        {failed.Keep, time.Hour, false, failed.Settled{}, 0},
		"resend":                      {failed.Resend, time.Hour, false, failed.Settled{Freed: 2}, 2},
		"resend, another may run":     {failed.Resend, time.Minute, false, failed.Settled{Left: 2}, 0},
		"skip":                        {failed.Skip, time.Hour, false, failed.Settled{Skipped: 2}, 0},
		"check, may still arrive":     {failed.Check, time.Hour, false, failed.Settled{Arrived: 1, Left: 1}, 0},
		"check, would have arrived":   {failed.Check, 26 * time.Hour, false, failed.Settled{Arrived: 1, Freed: 1}, 1},
		"check, given up once more":   {failed.Check, 26 * time.Hour, true, failed.Settled{Arrived: 2}, 1},
		"resend of what nobody notes": {failed.Resend, 11 * time.Minute, false, failed.Settled{Freed: 2}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBucket(map[string]string{smallObject: objects[smallObject]})
			if _, err := replay(b, &answers{errs: []error{errors.New("connection reset")}}).Run(t.Context()); err == nil {
				t.Fatal("no error")
			}
			if c.again {
				b.objects[smallObject+"-again"] = []byte(line(sample("small", 1), status, arrived.Add(time.Hour)))
			}
			settled, err := failed.Doubts{Storage: b, Now: time.Now().Add(c.age), Delivered: delivered}.Settle(t.Context(), c.how)
			if err != nil || settled != c.want {
				t.Errorf("settled %+v, want %+v, %v", settled, c.want, err)
			}
			f := newFirehose()
			if report, err := replay(b, f).Run(t.Context()); err != nil || report.Accepted != c.sent {
				t.Errorf("%+v, want %d sent, %v", report, c.sent, err)
			}
		})
	}
}

func TestSelection(t *testing.T) {
	objects, _ := failures()
	for name, c := range map[string]struct {
		selection failed.Selection
		sent      int
	}{
		"type":   {failed.Selection{Reason: "format-conversion-failed"}, 2},
		"code":   {failed.Selection{Reason: status}, 502},
		"host":   {failed.Selection{Host: "small"}, 2},
		"from":   {failed.Selection{From: arrived.Add(time.Second)}, 0},
		"to":     {failed.Selection{To: arrived}, 0},
		"within": {failed.Selection{From: arrived, To: arrived.Add(time.Second), Reason: "processing-failed"}, 502},
		"none":   {failed.Selection{Reason: "no-such-reason"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBucket(objects)
			r := replay(b, newFirehose())
			r.Selection = c.selection
			if report, err := r.Run(t.Context()); err != nil || report.Accepted != c.sent {
				t.Errorf("%+v, want %d, %v", report, c.sent, err)
			}
			rest := newFirehose()
			if report, err := replay(b, rest).Run(t.Context()); err != nil || report.Accepted != 504-c.sent {
				t.Errorf("the rest: %+v, %v", report, err)
			}
		})
	}
}

// TestChanged: if an object has changed since a part of it was sent, the numbers of its records mean nothing.
func TestChanged(t *testing.T) {
	objects, _ := failures()
	b := newBucket(objects)
	r := replay(b, newFirehose())
	r.Selection = failed.Selection{To: arrived.Add(time.Hour)}
	b.objects[smallObject] = append(b.objects[smallObject], line("{}", status, arrived.Add(2*time.Hour))...)
	if report, err := r.Run(t.Context()); err != nil || report.Accepted != 504 || report.Moved != 1 {
		t.Fatal(report, err)
	}
	b.objects[smallObject] = b.objects[smallObject][10:]
	f := newFirehose()
	if report, err := replay(b, f).Run(t.Context()); err != nil || report.Changed != 1 || len(f.accepted) > 0 {
		t.Errorf("%+v, %v", report, err)
	}
}

// TestInterrupt: an interrupt during a request leaves nothing in doubt.
func TestInterrupt(t *testing.T) {
	objects, _ := failures()
	b, f := newBucket(objects), newFirehose()
	ctx, cancel := context.WithCancel(t.Context())
	report, err := replay(b, interrupted{f, cancel}).Run(ctx)
	if !errors.Is(err, context.Canceled) || report.Accepted == 0 || report.Doubt > 0 {
		t.Errorf("%+v, %v", report, err)
	}
	err = failed.Walk(t.Context(), b, failed.Selection{}, func(found failed.Found) error {
		if found.Doubt {
			t.Errorf("%s is in doubt", found.Name())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

type interrupted struct {
	*firehose
	cancel func()
}

func (i interrupted) Put(ctx context.Context, records [][]byte) ([]error, error) {
	i.cancel()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return i.firehose.Put(ctx, records)
}

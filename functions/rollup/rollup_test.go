package rollup_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/functions/rollup"
)

func handle(t *testing.T, w *world, event rollup.Event, change ...func(*rollup.Options)) rollup.Report {
	t.Helper()
	report, err := w.roller(change...).Handle(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// A run rolls up what has ended, and the next run only what is new. A period with late samples waits after its last rollup for a quarter of
// its age, or of its length if that is more.
func TestRun(t *testing.T) {
	w, periods := lived()
	if r := handle(t, w, rollup.Event{}); r.Rolled != 6 || r.Scanned != 6 {
		t.Errorf("%+v, want 6 periods", r)
	}
	w.check(t, "first", true, periods...)
	if r := handle(t, w, rollup.Event{}); r.Rolled != 0 {
		t.Errorf("again: %+v", r)
	}
	late := time.Date(2026, 2, 27, 23, 30, 0, 0, time.UTC)
	w.now = w.now.Add(time.Hour)
	w.deliver(late)
	if r := handle(t, w, rollup.Event{}); r.Rolled != 1 {
		t.Errorf("%+v, want the hour; the others wait", r)
	}
	w.now = w.now.Add(5 * time.Hour)
	if r := handle(t, w, rollup.Event{}); r.Rolled != 2 {
		t.Errorf("%+v, want the day and its hours", r)
	}
	w.check(t, "late", true, periods...)
}

// A query that began before a partition changed can read the old folder until two hours after the begin of the run that changed it.
func TestOldFoldersStayForAWhile(t *testing.T) {
	w, _ := lived()
	handle(t, w, rollup.Event{})
	w.pass(3 * time.Hour)
	w.deliver(time.Date(2026, 2, 28, 1, 30, 0, 0, time.UTC))
	if r := handle(t, w, rollup.Event{}); r.Rolled != 1 || r.Removed != 0 || len(w.left()) != 2 {
		t.Errorf("%+v, left %v; want the old folder", r, w.left())
	}
	w.pass(119 * time.Minute)
	if r := handle(t, w, rollup.Event{}); r.Removed != 0 || len(w.left()) != 2 {
		t.Errorf("%+v, left %v; want the old folder", r, w.left())
	}
	w.pass(time.Minute)
	if r := handle(t, w, rollup.Event{}); r.Removed != 2 || len(w.left()) != 0 {
		t.Errorf("%+v, left %v", r, w.left())
	}
}

// Hours without samples, of the future, outside of the last days, and names that Athena skips are not rolled up.
func TestWhatIsNotDue(t *testing.T) {
	w := newWorld(time.Date(2026, 2, 28, 12, 20, 0, 0, time.UTC))
	w.deliver(w.now)
	w.deliver(w.now.AddDate(1, 0, 0))
	w.deliver(w.now.AddDate(0, 0, 1))
	w.deliver(w.now.AddDate(0, 0, -20))
	for _, name := range []string{"year=2026/month=02/day=28/hour=03/_manifest", "year=2026/month=02/day=28/hour=3x/a", "year=2026/month=02/day=28/note"} {
		w.objects[prefix+name] = object{bytes: 1, written: w.now}
	}
	for range 3 {
		if r := handle(t, w, rollup.Event{}); r != (rollup.Report{}) {
			t.Errorf("%+v, want nothing", r)
		}
		w.now = w.now.Add(5 * time.Minute)
	}
	if r := handle(t, w, rollup.Event{From: "2026-02-01", To: "2026-02-20"}); r.Rolled != 3 {
		t.Errorf("%+v, want the minutes, the hours and the day of the event", r)
	}
}

// A day whose samples have begun to expire is never rolled up again: it would lose samples.
func TestExpiredSamples(t *testing.T) {
	w, periods := lived()
	handle(t, w, rollup.Event{})
	before := w.answer()
	short := func(o *rollup.Options) { o.Retention = 2 }
	w.now = time.Date(2026, 3, 2, 0, 20, 0, 0, time.UTC)
	delete(w.objects, w.arrived[0]) // S3 has removed one object of the hour
	late := time.Date(2026, 2, 27, 22, 30, 0, 0, time.UTC)
	w.deliver(late)
	w.deliver(late.Add(time.Minute))
	handle(t, w, rollup.Event{}, short)
	if got := w.answer()[periods[1]]; !slices.EqualFunc(got, before[periods[1]], time.Time.Equal) {
		t.Errorf("%s has %v, had %v", periods[1], got, before[periods[1]])
	}
	if r := handle(t, w, rollup.Event{From: "2026-02-27", To: "2026-02-28"}, short); r != (rollup.Report{Skipped: 1}) {
		t.Errorf("%+v, want one day skipped", r)
	}
	handle(t, w, rollup.Event{}, func(o *rollup.Options) { o.Retention = 30 })
}

// The clock of a machine is ahead, so its samples of a day are written on the day before. They expire one midnight earlier than the others.
// From then on the day is not rolled up again.
func TestExpiredSamplesOfAClockThatIsAhead(t *testing.T) {
	w := newWorld(time.Date(2026, 2, 26, 12, 0, 0, 0, time.UTC))
	retention := func(days int) func(*rollup.Options) { return func(o *rollup.Options) { o.Retention = days } }
	begin := time.Date(2026, 2, 27, 8, 0, 0, 0, time.UTC)
	w.deliver(begin)
	w.now = begin.Add(time.Minute)
	w.deliver(begin.Add(time.Minute))
	w.now = time.Date(2026, 2, 28, 0, 20, 0, 0, time.UTC)
	if r := handle(t, w, rollup.Event{}, retention(1)); r.Rolled != 3 {
		t.Errorf("%+v, want the minutes, the hours and the day of yesterday", r)
	}
	before := w.answer()
	w.now = time.Date(2026, 3, 2, 0, 20, 0, 0, time.UTC) // S3 keeps objects for three days here, so it has removed those of 26 February
	delete(w.objects, w.arrived[0])
	w.deliver(begin.Add(2*time.Minute), begin.Add(3*time.Minute))
	handle(t, w, rollup.Event{}, retention(3))
	for name, samples := range w.answer() {
		if !slices.EqualFunc(samples, before[name], time.Time.Equal) {
			t.Errorf("%s has %v, had %v", name, samples, before[name])
		}
	}
	if r := handle(t, w, rollup.Event{}, retention(4)); r.Rolled == 0 {
		t.Errorf("%+v: with a day more, nothing has expired", r)
	}
}

// A stack takes over the bucket of a deleted one: the rollups are there, and the catalog has no partitions. A run for all days makes again
// what still has samples. For the other periods it restores the partitions.
func TestBucketThatWasKept(t *testing.T) {
	for name, change := range map[string]func(*rollup.Options){
		"the samples are deleted after two days": func(o *rollup.Options) { o.Retention = 2 },
		"somebody deleted the samples":           func(*rollup.Options) {},
	} {
		t.Run(name, func(t *testing.T) {
			w, periods := lived()
			handle(t, w, rollup.Event{})
			w.pass(365 * 24 * time.Hour)
			w.deliver(w.clock().Add(-48 * time.Hour))
			before := w.answer()
			for _, key := range w.arrived[:len(w.arrived)-1] {
				delete(w.objects, key)
			}
			clear(w.partitions)
			if r := handle(t, w, rollup.Event{}, change); r.Restored != 0 {
				t.Errorf("without days: %+v", r)
			}
			asked := rollup.Event{From: "2026-02-01", To: w.clock().AddDate(0, 0, 1).Format(time.DateOnly)}
			w.before = func(_ context.Context, call string) error {
				if call == "Point" {
					return errors.New("throttled")
				}
				return nil
			}
			if r, err := w.roller(change).Handle(t.Context(), asked); err == nil || r.Restored != 0 || r.Removed != 0 {
				t.Errorf("no partition can be made: %+v, %v", r, err)
			}
			w.before = none
			if r := handle(t, w, asked, change); r.Restored != len(periods)-1 || r.Rolled != 1 || r.Removed != 0 {
				t.Errorf("%+v, want %d restored, and the day made of its hours", r, len(periods)-1)
			}
			after := w.answer()
			for _, p := range periods {
				if !slices.EqualFunc(after[p], before[p], time.Time.Equal) {
					t.Errorf("%s has %v, had %v", p, after[p], before[p])
				}
			}
			if r := handle(t, w, asked, change); r.Restored != 0 || r.Rolled != 0 {
				t.Errorf("again: %+v", r)
			}
		})
	}
}

// A period was rolled up again because of late samples, and then the stack was deleted, so two whole folders are there. A stack that takes over
// the bucket points at the newer one, even if it has fewer bytes.
func TestKeptBucketWithTwoWholeFolders(t *testing.T) {
	w := newWorld(time.Date(2026, 2, 28, 2, 20, 0, 0, time.UTC))
	hour := time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)
	w.deliver(hour, hour.Add(time.Minute), hour.Add(2*time.Minute), hour.Add(3*time.Minute))
	handle(t, w, rollup.Event{})
	w.pass(time.Hour)
	w.deliver(hour.Add(4 * time.Minute))
	handle(t, w, rollup.Event{})
	const period = "samples_1m 2026-02-28-00"
	before := w.answer()[period]
	old := w.left()
	for _, key := range old {
		o := w.objects[key]
		o.bytes = 26 // together 52; the newer folder has 50
		w.objects[key] = o
	}
	for _, key := range w.arrived {
		delete(w.objects, key)
	}
	clear(w.partitions)
	if r := handle(t, w, rollup.Event{From: "2026-02-28", To: "2026-03-01"}); r.Restored != 1 {
		t.Errorf("%+v", r)
	}
	if got := w.answer()[period]; len(old) != 2 || len(before) != 5 || !slices.EqualFunc(got, before, time.Time.Equal) {
		t.Errorf("%v, had %v; old objects %v", got, before, old)
	}
}

// A run failed while it rolled up a period again, and then the stack was deleted. A stack that takes over the bucket points at the folder
// with all rows of the run before, not at the newer one.
func TestKeptBucketWithAHalfFolder(t *testing.T) {
	w := newWorld(time.Date(2026, 2, 28, 2, 20, 0, 0, time.UTC))
	hour := time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)
	w.deliver(hour, hour.Add(time.Minute), hour.Add(2*time.Minute), hour.Add(3*time.Minute))
	handle(t, w, rollup.Event{})
	const period = "samples_1m 2026-02-28-00"
	before := w.answer()[period]
	w.pass(time.Hour)
	w.deliver(hour.Add(4 * time.Minute))
	w.before = func(_ context.Context, call string) error {
		if call == "Unload's second object" {
			return errFault
		}
		return nil
	}
	if r, err := w.roller().Handle(t.Context(), rollup.Event{}); !errors.Is(err, errFault) || r.Failed != 1 || len(w.left()) != 1 {
		t.Fatalf("%+v, %v, left %v", r, err, w.left())
	}
	w.before = none
	for _, key := range w.arrived {
		delete(w.objects, key)
	}
	clear(w.partitions)
	if r := handle(t, w, rollup.Event{From: "2026-02-28", To: "2026-03-01"}); r.Restored != 1 {
		t.Errorf("%+v", r)
	}
	if got := w.answer()[period]; len(before) != 4 || !slices.EqualFunc(got, before, time.Time.Equal) {
		t.Errorf("%v, had %v", got, before)
	}
}

// If one period cannot be rolled up, for example because of a file with another schema, the other periods are rolled up, and the run fails.
func TestOneBadPeriod(t *testing.T) {
	w, periods := lived()
	bad := errors.New("HIVE_BAD_DATA: field cpu_pct's type BINARY in parquet file is incompatible with type double")
	r := w.roller(func(o *rollup.Options) { o.Engine = badEngine{engine{w}, bad} })
	report, err := r.Handle(t.Context(), rollup.Event{})
	if report.Rolled != 3 || report.Failed != 2 || !errors.Is(err, bad) || !strings.Contains(err.Error(), "roll up 1m of 2026-02-27 23:00:00: HIVE_BAD_DATA") {
		t.Errorf("%+v, %v", report, err)
	}
	w.check(t, "with a bad file", false)
	w.settle(t, "without", periods)
}

type badEngine struct {
	engine
	err error
}

func (e badEngine) Unload(ctx context.Context, sql, folder string) (panels.Cost, error) {
	if strings.Contains(folder, "day=27/hour=23/") || strings.Contains(folder, "rollup/1h/") {
		return panels.Cost{}, e.err
	}
	return e.engine.Unload(ctx, sql, folder)
}

// A run ends in time. The next one goes on, the oldest periods first. Days that wait are not a reason for a run to fail, and neither is a
// machine that sends the samples of a whole day at once.
func TestTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(time.Date(2026, 2, 28, 0, 20, 0, 0, time.UTC))
		for hour := range 23 {
			w.deliver(time.Date(2026, 2, 27, hour, 0, 0, 0, time.UTC))
		}
		w.after = func(_ context.Context, call string) error {
			if call == "Unload" {
				time.Sleep(290 * time.Second) // three rounds end before the last seconds
			}
			return nil
		}
		for i, want := range []rollup.Report{{Rolled: 12, Left: 12}, {Rolled: 12, Left: 1}, {Rolled: 1}} {
			ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
			report, err := w.roller().Handle(ctx, rollup.Event{})
			if report.Rolled != want.Rolled || report.Left != want.Left || err != nil {
				t.Errorf("run %d: %+v, %v", i, report, err)
			}
			cancel()
			w.now = w.now.Add(time.Hour)
		}
	})
}

// If periods wait for more than six hours because runs do not end in time, runs fail, so that the alarm goes off. A period waits from its
// end, from its newest object, or from the end of its pause after an earlier rollup, whatever comes last.
func TestPeriodsThatWait(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(t *testing.T, w *world)
		fails   int // the number of the first run that fails, from 0; there is one run an hour
		want    string
	}{
		"hours that ended": {func(_ *testing.T, w *world) {
			for hour := range 20 {
				w.now = time.Date(2026, 2, 28, hour, 10, 0, 0, time.UTC)
				w.deliver(w.now)
			}
			w.now = time.Date(2026, 2, 28, 21, 20, 0, 0, time.UTC)
		}, 0, "the rollup 1m of 2026-02-28 00:00:00 has been due for 20h"},
		"days that arrived at once": {func(_ *testing.T, w *world) {
			for hour := range 20 {
				w.deliver(time.Date(2026, 2, 20, hour, 10, 0, 0, time.UTC))
			}
		}, 7, "the rollup 1m of 2026-02-20 04:00:00 has been due for 7h"},
		"a day that was rolled up": {func(t *testing.T, w *world) {
			for hour := range 20 {
				w.deliver(time.Date(2026, 2, 27, hour, 10, 0, 0, time.UTC))
			}
			handle(t, w, rollup.Event{})
			w.pass(time.Minute)
			for hour := range 20 {
				w.deliver(time.Date(2026, 2, 27, hour, 11, 0, 0, time.UTC))
			}
			w.pass(6 * time.Hour)
		}, 2, "the rollup 1m of 2026-02-27 19:00:00 has been due for 7h"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(time.Date(2026, 2, 28, 0, 20, 0, 0, time.UTC))
				c.prepare(t, w)
				w.after = func(ctx context.Context, call string) error {
					if call == "Unload" { // no statement ends in time
						<-ctx.Done()
					}
					return ctx.Err()
				}
				for i := range 9 {
					ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
					report, err := w.roller().Handle(ctx, rollup.Event{})
					cancel()
					if (err != nil) != (i >= c.fails) || err != nil && report.Failed > 0 {
						t.Errorf("run %d: %+v, %v", i, report, err)
					}
					if i == c.fails && err != nil && !strings.Contains(err.Error(), c.want) {
						t.Error(err)
					}
					w.pass(time.Hour)
				}
			})
		})
	}
}

// A stack that an earlier version has rolled up has hours and no days. Runs make the days of all hours, the oldest first, as long as they have
// time, also of days whose samples are gone. What a killed run has left of an old day is removed.
func TestStackWithoutDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(time.Date(2026, 2, 28, 2, 20, 0, 0, time.UTC))
		const days = 40
		first := time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC).AddDate(0, 0, -days)
		for d := range days {
			w.deliver(first.AddDate(0, 0, d), first.AddDate(0, 0, d).Add(time.Minute))
		}
		handle(t, w, rollup.Event{From: first.Format(time.DateOnly), To: "2026-02-28"})
		var old []string
		for name := range w.partitions {
			if strings.HasPrefix(name, "samples_1d ") {
				old = append(old, name)
				delete(w.partitions, name)
			}
		}
		if len(old) != days {
			t.Fatalf("days %v", old)
		}
		for key := range w.objects {
			if strings.HasPrefix(key, "rollup/1d/") || strings.HasPrefix(key, prefix) {
				delete(w.objects, key)
			}
		}
		left := "rollup/1d/" + panels.Days.Folder(first) + "20260228T022000Z-AAAAAAAA/a"
		w.objects[left] = object{written: w.now}
		w.pass(5 * time.Hour)
		w.after = func(_ context.Context, call string) error {
			if call == "Unload" {
				time.Sleep(100 * time.Second)
			}
			return nil
		}
		for i, want := range []int{32, 8, 0} {
			ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
			report, err := w.roller().Handle(ctx, rollup.Event{})
			cancel()
			if err != nil || report.Rolled != want {
				t.Errorf("run %d: %+v, %v, want %d", i, report, err, want)
			}
			newest := ""
			for name := range w.partitions {
				if strings.HasPrefix(name, "samples_1d ") {
					newest = max(newest, name)
				}
			}
			if want := "samples_1d " + first.AddDate(0, 0, min(days, 32*(i+1))-1).Format(time.DateOnly); newest != want {
				t.Errorf("run %d: the newest is %s, want %s: the oldest come first", i, newest, want)
			}
			w.pass(time.Hour)
		}
		for name, got := range w.answer() {
			if start, ok := strings.CutPrefix(name, "samples_1d "); ok && (len(got) != 2 || got[0].Format(time.DateOnly) != start) {
				t.Errorf("%s has %v", name, got)
			}
		}
		if _, ok := w.objects[left]; ok {
			t.Error("what a killed run has left of an old day is still there")
		}
	})
}

// A statement that runs when the time is over is stopped and left for the next run. That is not a failure.
func TestStatementThatIsStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, periods := lived()
		w.after = func(ctx context.Context, call string) error {
			if call == "Unload" {
				select {
				case <-ctx.Done():
				case <-time.After(time.Hour):
				}
			}
			return ctx.Err()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
		defer cancel()
		report, err := w.roller().Handle(ctx, rollup.Event{})
		if report != (rollup.Report{Left: 5}) || err != nil {
			t.Errorf("%+v, %v", report, err)
		}
		w.settle(t, "later", periods)
	})
}

// A period with many bytes is rolled up in parts, all below the folder that the partition points at.
func TestParts(t *testing.T) {
	w, periods := lived()
	for key, o := range w.objects {
		o.bytes = 3 << 30
		w.objects[key] = o
	}
	r := handle(t, w, rollup.Event{})
	if r.Rolled != 6 || w.scanned != 7 {
		t.Errorf("%+v, %d statements, want 7: the hours in two parts", r, w.scanned)
	}
	w.check(t, "in parts", true, periods...)
}

func TestRefusedEvents(t *testing.T) {
	w, _ := lived()
	for _, e := range []rollup.Event{{From: "2026-01-01"}, {To: "2026-01-01"}, {From: "2026-02-01", To: "2026-01-01"}, {From: "1.1.2026", To: "2026-02-01"}} {
		if _, err := w.roller().Handle(t.Context(), e); err == nil || !strings.Contains(err.Error(), `want two days in order, such as {"from":"2026-01-01","to":"2026-02-01"}`) {
			t.Errorf("%+v: %v", e, err)
		}
	}
}

// Folders and partitions that something else has made are left alone, and a partition without sources is made anew.
func TestForeignFoldersAndPartitions(t *testing.T) {
	w, periods := lived()
	mine := "rollup/1m/year=2026/month=02/day=27/hour=22/copied/a.parquet"
	w.objects[mine] = object{bytes: 1, written: w.now}
	w.partitions[fmt.Sprint("samples_1m ", "2026-02-27-22")] = rollup.Partition{
		Values: []string{"2026", "02", "27", "22"}, Location: "s3://" + bucket + "/" + strings.TrimSuffix(mine, "a.parquet"),
	}
	handle(t, w, rollup.Event{})
	w.check(t, "foreign", true, periods...)
	w.now = w.now.Add(5 * time.Hour)
	handle(t, w, rollup.Event{})
	if _, ok := w.objects[mine]; !ok {
		t.Error("an object that no run has made was removed")
	}
}

package panels_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Which periods are due, and when.
func TestDue(t *testing.T) {
	start := time.Date(2026, 2, 28, 21, 0, 0, 0, time.UTC)
	at := func(d time.Duration) time.Time { return start.Add(d) }
	made := func(objects int, newest, when time.Duration) map[time.Time]panels.Made {
		return map[time.Time]panels.Made{start: {Sources: panels.Sources{Objects: objects, Newest: at(newest)}, At: at(when)}}
	}
	const hour, minute = time.Hour, time.Minute
	for _, c := range []struct {
		what     string
		objects  int
		newest   time.Duration
		made     map[time.Time]panels.Made
		now      time.Duration
		patience float64
		want     bool
		since    time.Duration // if it is due
	}{
		{"the hour goes on", 1, minute, nil, 59 * minute, 0, false, 0},
		{"its last samples are on their way", 1, minute, nil, hour + 14*minute, 0, false, 0},
		{"it has ended", 1, minute, nil, hour + 15*minute, 0, true, hour + 15*minute},
		{"it has no samples", 0, 0, nil, 9 * hour, 0, false, 0},
		{"it is rolled up", 2, hour, made(2, hour, 2*hour), 9 * hour, 0, false, 0},
		{"a newer object came", 3, 3 * hour, made(2, hour, 2*hour), 9 * hour, 0, true, 3 * hour},
		{"a newer object took another's place", 2, 3 * hour, made(2, hour, 2*hour), 9 * hour, 0, true, 3 * hour},
		{"an object came whose time is older", 3, hour, made(2, hour, 2*hour), 9 * hour, 0, true, 2 * hour},
		{"an object was removed", 1, minute, made(2, hour, 2*hour), 9 * hour, 0, false, 0},
		{"the samples' clock is a year ahead, and they are rolled up", 1, 9000 * hour, made(1, 9000*hour, 2*hour), 9 * hour, 0, false, 0},
		{"a rollup's clock was a year ahead", 2, hour, made(1, minute, 9000*hour), 9 * hour, 0.25, true, hour + 15*minute},
		{"late, and it waits for a quarter of its age", 3, 8 * hour, made(2, hour, 8*hour), 9 * hour, 0.25, false, 0},
		{"late, and it has waited", 3, 8 * hour, made(2, hour, 7*hour), 9 * hour, 0.25, true, 9 * hour},
		{"late, and it waited until two hours ago", 3, 8 * hour, made(2, hour, 7*hour), 11 * hour, 0.25, true, 9 * hour},
		{"late, and it waits for a quarter of its length", 3, 2 * hour, made(2, hour, 90*minute), 104 * minute, 0.25, false, 0},
		{"late, and it has waited for a quarter of its length", 3, 92 * minute, made(2, hour, 90*minute), 3 * hour, 0.25, true, 105 * minute},
	} {
		hours := map[time.Time]panels.Sources{start: {Objects: c.objects, Newest: at(c.newest)}}
		due := panels.Minutes.Due(hours, c.made, panels.Schedule{Now: at(c.now), Settle: 15 * minute, Patience: c.patience})
		if (len(due) == 1) != c.want {
			t.Errorf("%s: due %v, want %v", c.what, due, c.want)
		}
		if len(due) == 1 && !due[0].Since.Equal(at(c.since)) {
			t.Errorf("%s: due since %v, want %v", c.what, due[0].Since, at(c.since))
		}
	}
}

// A day is due with the samples of all its hours, and periods come in order of time.
func TestDueDays(t *testing.T) {
	start := time.Date(2026, 2, 26, 0, 0, 0, 0, time.UTC)
	hours := map[time.Time]panels.Sources{}
	for i := range 60 {
		hours[start.Add(time.Duration(i)*time.Hour)] = panels.Sources{Objects: 2, Bytes: 10, Newest: start.Add(time.Duration(i) * time.Hour)}
	}
	now := panels.Schedule{Now: start.Add(60 * time.Hour), Settle: time.Hour}
	var got []string
	for _, d := range panels.Hours.Due(hours, nil, now) {
		got = append(got, fmt.Sprint(d.Start.Format(time.DateOnly), " ", d.Objects, " ", d.Bytes, " ", d.Newest.Format("15:04")))
	}
	if want := []string{"2026-02-26 48 240 23:00", "2026-02-27 48 240 23:00"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if due := panels.Minutes.Due(hours, nil, now); len(due) != 59 || !slices.IsSortedFunc(due, func(a, b panels.Due) int { return a.Start.Compare(b.Start) }) {
		t.Errorf("%d hours", len(due))
	}
}

func TestSourcesText(t *testing.T) {
	want := panels.Sources{Objects: 13, Bytes: 1 << 40, Newest: time.Date(2026, 2, 28, 1, 2, 3, 4, time.UTC)}
	text, err := want.MarshalText()
	var got panels.Sources
	if err != nil || got.UnmarshalText(text) != nil || got != want {
		t.Errorf("%s becomes %v, %v", text, got, err)
	}
	for _, bad := range []string{"", "1", "1 2", "1 2 yesterday", "a b c"} {
		if err := got.UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestFolderOfPeriod(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 0, 0, time.UTC)
	for r, want := range map[string]string{"1m": "year=2026/month=02/day=03/hour=04/", "1h": "year=2026/month=02/day=03/", "1d": "year=2026/month=02/day=03/"} {
		for _, rollup := range panels.Rollups() {
			if rollup.Name != r {
				continue
			}
			if got := rollup.Folder(at); got != want {
				t.Errorf("%s: %s, want %s", r, got, want)
			}
			if start, ok := rollup.StartOf(rollup.Partition(at)); !ok || !start.Equal(rollup.Start(at)) {
				t.Errorf("%s: %v %v", r, start, ok)
			}
		}
	}
	for _, bad := range [][]string{nil, {"2026", "02", "03"}, {"2026", "02", "03", "x"}} {
		if _, ok := panels.Minutes.StartOf(bad); ok {
			t.Errorf("%v is taken", bad)
		}
	}
}

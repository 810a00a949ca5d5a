package lake_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // zones of daylight saving, on every machine

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// clocks are the metrics and offsets with which these tests try the panels by time of the day. Package time computes the hours
// and days, in a zone of that offset.
var clocks = map[string]struct {
	metric string
	offset time.Duration
}{
	"UTC":   {"", 0},
	"India": {"ram_pct", 5*time.Hour + 30*time.Minute},
	"west":  {"net_bytes_recv_per_s", -9 * time.Hour},
}

// hourOfHost is the mean of a metric on a host in an hour of the viewer's clock.
type hourOfHost struct {
	host  string
	start time.Time
	value float64
}

func hoursOf(rows []row, metric string, offset time.Duration) (hours []hourOfHost) {
	type key struct {
		host string
		at   time.Time
	}
	zone := time.FixedZone("viewer", int(offset.Seconds()))
	for k, rows := range by(rows, func(r row) key {
		at := time.UnixMilli(record.Millis(r["ts"].(float64))).In(zone)
		return key{r.host(), time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), 0, 0, 0, zone)}
	}) {
		if values := present(rows, column(metric)); len(values) > 0 {
			hours = append(hours, hourOfHost{k.host, k.at, mean(values)})
		}
	}
	return hours
}

func weekday(t time.Time) float64 { return float64((int(t.Weekday()) + 6) % 7) }

// dayOf is the day of the viewer's clock, its beginning read as UTC.
func dayOf(t time.Time) float64 {
	return float64(time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC).Unix())
}

func TestTimePatterns(t *testing.T) {
	type cell struct{ a, b float64 }
	hour := func(t time.Time) float64 { return float64(t.Hour()) }
	forCases(t, func(t *testing.T, l *lake.Lake, samples []record.Sample, p panels.Params) {
		for name, clock := range clocks {
			p := p
			p.Metric, p.Offset = clock.metric, clock.offset
			metric, _ := panels.MetricOf(p.Metric)
			for id, axes := range map[string][]func(time.Time) float64{
				"patterns-week": {weekday, hour}, "patterns-days": {dayOf, hour}, "patterns-hour": {hour}, "patterns-weekday": {weekday},
				"patterns-trend": {dayOf}, "performance-week": {weekday, hour},
			} {
				panel, _ := panels.Find(id)
				column := metric.Column
				if id == "performance-week" {
					column = "cpu_pct"
				}
				cells := map[cell][]float64{}
				for _, h := range hoursOf(of(t, id, samples, p), column, p.Offset) {
					c := cell{a: axes[0](h.start)}
					if len(axes) > 1 {
						c.b = axes[1](h.start)
					}
					cells[c] = append(cells[c], h.value)
				}
				result := runPanel(t, l, id, p)
				if result.Rows() != len(cells) || len(cells) == 0 {
					t.Fatalf("%s %s: %d rows, want %d", name, id, result.Rows(), len(cells))
				}
				order := slices.SortedFunc(maps.Keys(cells), func(x, y cell) int { return cmp.Or(cmp.Compare(x.a, y.a), cmp.Compare(x.b, y.b)) })
				for i, c := range order {
					want := map[string]float64{string(panel.By): c.a, "value": mean(cells[c]), "high": slices.Max(cells[c])}
					if len(axes) > 1 {
						want[string(panel.Across)] = c.b
					}
					check(t, result, i, want)
				}
			}
		}
	})
}

func TestPeakTimes(t *testing.T) {
	forCases(t, func(t *testing.T, l *lake.Lake, samples []record.Sample, p panels.Params) {
		p.Metric, p.Offset = "ram_pct", 90*time.Minute
		hours := map[time.Time][]hourOfHost{}
		for _, h := range hoursOf(of(t, "patterns-peaks", samples, p), p.Metric, p.Offset) {
			hours[h.start.UTC()] = append(hours[h.start.UTC()], h)
		}
		value := func(at time.Time) float64 {
			var values []float64
			for _, h := range hours[at] {
				values = append(values, h.value)
			}
			return mean(values)
		}
		order := slices.SortedFunc(maps.Keys(hours), func(a, b time.Time) int { return cmp.Compare(value(b), value(a)) })
		result := runPanel(t, l, "patterns-peaks", p)
		if result.Rows() != len(order) {
			t.Fatalf("%d rows, want %d", result.Rows(), len(order))
		}
		for i, when := range order {
			top := slices.MaxFunc(hours[when], func(a, b hourOfHost) int { return cmp.Compare(a.value, b.value) })
			check(t, result, i, map[string]float64{"t": float64(when.Unix()), "value": value(when), "high": top.value})
			if got := at(t, result, "high_host", i); got != top.host {
				t.Errorf("row %d: the highest host is %v, want %s", i, got, top.host)
			}
		}
	})
}

func TestDiskHours(t *testing.T) {
	forCases(t, func(t *testing.T, l *lake.Lake, samples []record.Sample, p panels.Params) {
		p.Offset = time.Hour
		rows := of(t, "disk-hours", samples, p)
		for _, r := range rows {
			if v, ok := r.sum("disk_read_bytes_per_s", "disk_write_bytes_per_s"); ok {
				r["test_io"] = v
			}
		}
		type cell struct {
			host string
			hour int
		}
		cells := map[cell][]float64{}
		for _, h := range hoursOf(rows, "test_io", p.Offset) {
			c := cell{h.host, h.start.Hour()}
			cells[c] = append(cells[c], h.value)
		}
		result := runPanel(t, l, "disk-hours", p)
		if result.Rows() != len(cells) {
			t.Fatalf("%d rows, want %d", result.Rows(), len(cells))
		}
		for i := range result.Rows() {
			c := cell{fmt.Sprint(at(t, result, "host", i)), int(at(t, result, "hour", i).(float64))}
			check(t, result, i, map[string]float64{"value": mean(cells[c])})
			delete(cells, c)
		}
	})
}

// TestFullestFilesystems computes the panel again from the details of the samples: the fifteen fullest filesystems, and a straight
// line through the hourly means of each.
func TestFullestFilesystems(t *testing.T) {
	l, samples := fixture(t)
	p := cases["all"]
	type key struct{ host, mount string }
	hours := map[key]map[float64][]float64{}
	newest := map[key]record.Filesystem{}
	for _, s := range within(samples, p, 24*time.Hour) {
		for _, f := range s.Filesystems {
			k := key{s.Hostname, f.Mount}
			if hours[k] == nil {
				hours[k] = map[float64][]float64{}
			}
			hour := math.Floor(s.TS / 3600)
			hours[k][hour] = append(hours[k][hour], f.UsedPct.Or(-1))
			newest[k] = f
		}
	}
	result := runPanel(t, l, "disk-fullest", p)
	if result.Rows() != min(15, len(newest)) || len(newest) < 15 {
		t.Fatalf("%d rows of %d filesystems", result.Rows(), len(newest))
	}
	last := math.Inf(1)
	for i := range result.Rows() {
		k := key{fmt.Sprint(at(t, result, "host", i)), fmt.Sprint(at(t, result, "mount", i))}
		f := newest[k]
		used := f.UsedPct.Or(-1)
		check(t, result, i, map[string]float64{"used": used, "free": float64(f.FreeBytes.Or(0)), "total": float64(f.TotalBytes.Or(0))})
		if used > last+0.01 {
			t.Errorf("row %d is out of order", i)
		}
		last = used
		// Least squares through the hourly means.
		var xs, ys []float64
		for _, h := range slices.Sorted(maps.Keys(hours[k])) {
			xs, ys = append(xs, h), append(ys, mean(hours[k][h]))
		}
		sxy, sxx := 0.0, 0.0
		for j := range xs {
			sxy += (xs[j] - mean(xs)) * (ys[j] - mean(ys))
			sxx += (xs[j] - mean(xs)) * (xs[j] - mean(xs))
		}
		perDay := 24 * sxy / sxx
		check(t, result, i, map[string]float64{"per_day": perDay})
		if perDay >= 0.02 {
			got, ok := at(t, result, "full_in", i).(float64)
			if want := 86400 * (100 - used) / perDay; !ok || math.Abs(got-want) > 0.05*want {
				t.Errorf("row %d: full in %v s, want %v", i, got, want)
			}
		} else if got := at(t, result, "full_in", i); got != nil && perDay < 0.005 {
			t.Errorf("row %d: full in %v although it does not grow", i, got)
		}
	}
}

// TestClockChanges asks the panels by hour over the days on which daylight saving ends and begins. Package time knows the zone.
func TestClockChanges(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	utc := func(month time.Month, day, hour int) time.Time {
		return time.Date(2026, month, day, hour, 0, 0, 0, time.UTC)
	}
	for name, c := range map[string]struct {
		change        time.Time
		before, after time.Duration
	}{
		"ends":   {utc(time.October, 25, 1), 2 * time.Hour, time.Hour},
		"begins": {utc(time.March, 29, 1), time.Hour, 2 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			from, to := c.change.Truncate(24*time.Hour).Add(-c.before), c.change.Add(23*time.Hour-c.after) // a day by the clock of the zone
			samples := laketest.Samples(2, from, to, 10*time.Minute)
			for i, s := range samples {
				samples[i].CPUPct = record.Some(float64(int(s.TS/3600) % 50)) // no two hours are equal
			}
			laketest.Write(t, dir, samples)
			l := open(t, dir)
			p := params(from, to).In(zone)
			if p.Offset != c.before || !slices.Equal(p.Changes, []panels.ClockChange{{At: c.change, Offset: c.after}}) {
				t.Errorf("the clock is %v ahead, then %v", p.Offset, p.Changes)
			}

			type slot struct{ day, hour float64 }
			cells, starts := map[slot][]float64{}, map[float64]float64{}
			for _, s := range samples {
				at := time.UnixMilli(record.Millis(s.TS)).In(zone)
				v, _ := s.CPUPct.Get()
				k := slot{dayOf(at), float64(at.Hour())}
				cells[k] = append(cells[k], v)
				starts[math.Floor(s.TS/3600)*3600] = v
			}
			days := runPanel(t, l, "patterns-days", p)
			if days.Rows() != len(cells) {
				t.Errorf("%d cells by day and hour, want %d", days.Rows(), len(cells))
			}
			for i := range days.Rows() {
				k := slot{at(t, days, "day", i).(float64), at(t, days, "hour", i).(float64)}
				if values, ok := cells[k]; !ok {
					t.Errorf("the clock never showed %v o'clock of day %v", k.hour, k.day)
				} else {
					check(t, days, i, map[string]float64{"value": mean(values)})
				}
			}
			for id, want := range map[string]int{"patterns-trend": 1, "patterns-weekday": 1, "patterns-hour": len(cells), "patterns-week": len(cells)} {
				if n := runPanel(t, l, id, p).Rows(); n != want {
					t.Errorf("%s has %d rows, want %d", id, n, want)
				}
			}
			// The table has the hours as they were: each begins where it did, and is a cell of the heat map.
			peaks := runPanel(t, l, "patterns-peaks", p)
			if peaks.Rows() != 10 {
				t.Fatalf("%d peaks, want 10", peaks.Rows())
			}
			for i := range peaks.Rows() {
				start := at(t, peaks, "t", i).(float64)
				want, ok := starts[start]
				if !ok {
					t.Fatalf("a peak at %v, when no hour began", start)
				}
				check(t, peaks, i, map[string]float64{"value": want})
				local := time.Unix(int64(start), 0).In(zone)
				if !slices.Contains(cells[slot{dayOf(local), float64(local.Hour())}], want) {
					t.Errorf("the peak at %v is in another cell of the heat map", local)
				}
			}
		})
	}
}

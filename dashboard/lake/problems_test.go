package lake_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

func highestPressure(r row) (float64, bool) {
	var values []float64
	for _, name := range []string{"cpu_pressure_pct", "mem_pressure_pct", "io_pressure_pct"} {
		values = append(values, present([]row{r}, column(name))...)
	}
	if len(values) == 0 {
		return 0, false
	}
	return slices.Max(values), true
}

// valueOf reads the value that a rule is about.
func valueOf(p panels.Rule) func(row) (float64, bool) {
	switch p.Column {
	case "pressure":
		return highestPressure
	case "errors":
		return errorRate
	case "disk_awaited_pct":
		return func(r row) (float64, bool) {
			busy, ok := r.get("disk_busy_pct")
			if pressure, known := r.get("io_pressure_pct"); known && pressure < 15 {
				busy = 0
			}
			return busy, ok
		}
	default:
		return column(p.Column)
	}
}

// standing follows a rule minute by minute, and returns what the problem is at the host's last minute, if there is one.
func standing(p panels.Rule, rows []row) (value, since float64, ok bool) {
	minutes := by(rows, func(r row) float64 { return floorTo(r["ts"].(float64), 60) })
	var means []float64
	var times []float64
	for _, t := range slices.Sorted(maps.Keys(minutes)) {
		if values := present(minutes[t], valueOf(p)); len(values) > 0 {
			means, times = append(means, mean(values)), append(times, t)
		}
	}
	for i, t := range times {
		begin := func(length float64) int {
			return slices.IndexFunc(times, func(other float64) bool { return other > t-length })
		}
		first, samples := begin(p.For.Seconds()), 0
		for _, t := range times[first : i+1] {
			samples += len(minutes[t])
		}
		expected := p.For.Seconds() / rows[len(rows)-1]["interval_s"].(float64)
		if !ok && slices.Min(means[first:i+1]) >= p.Warn && float64(samples) >= expected/2 {
			since, ok = times[first], true
		}
		value = mean(means[begin(300) : i+1])
		ok = ok && value >= p.Clear
	}
	return value, since, ok
}

func TestNeedsAttention(t *testing.T) {
	seen := map[string]bool{}
	forCases(t, func(t *testing.T, l *lake.Lake, samples []record.Sample, p panels.Params) {
		type key struct{ host, problem string }
		want := map[key]map[string]float64{}
		for host, rows := range by(of(t, "overview-attention", samples, p), row.host) {
			newest := rows[len(rows)-1]["ts"].(float64)
			if to := record.TS(p.Range.To); newest < to-p.Delay.Seconds()-3*sceneStep {
				want[key{host, panels.Silent}] = map[string]float64{"value": to - newest, "since": newest, "severity": 2}
				continue
			}
			for _, problem := range panels.AllRules() {
				if problem.Column == "" {
					continue // not about a value of each minute
				}
				if value, since, ok := standing(problem, rows); ok {
					severity := 1.0
					if value >= problem.Critical {
						severity = 2
					}
					want[key{host, problem.Name}] = map[string]float64{"value": value, "since": since, "severity": severity}
				}
			}
		}
		result := runPanel(t, l, "overview-attention", p)
		for i := range result.Rows() {
			k := key{fmt.Sprint(at(t, result, "host", i)), fmt.Sprint(at(t, result, "problem", i))}
			w, ok := want[k]
			if !ok {
				t.Errorf("%v is reported", k)
				continue
			}
			seen[k.problem] = true
			check(t, result, i, w)
			delete(want, k)
		}
		for k := range want {
			t.Errorf("%v is missing", k)
		}
	})
	for _, problem := range []string{"CPU", "Memory", panels.Silent} {
		if !seen[problem] {
			t.Errorf("the fixture has no problem %q", problem)
		}
	}
}

// A host's CPU over time decides what its problem is and since when: one host for each course of CPU, in minutes before the end of
// the range.
func TestProblemsBeginAndEnd(t *testing.T) {
	to := time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)
	const day = 24 * 60
	hosts := map[string]struct {
		cpu      func(ago int) float64 // ago is in minutes, from 0 on
		lost     func(ago, sample int) bool
		since    float64 // in minutes ago; 0 means that there is no problem
		older    bool    // older than a day
		interval time.Duration
	}{
		"one high minute":   {cpu: func(ago int) float64 { return choose(ago == 1, 99, 10) }},
		"nine high minutes": {cpu: func(ago int) float64 { return choose(ago < 9, 99, 10) }},
		"ten high minutes":  {cpu: func(ago int) float64 { return choose(ago < 10, 99, 10) }, since: 10},
		"an hour":           {cpu: func(ago int) float64 { return choose(ago < 60, 95, 10) }, since: 60},
		"swings about the limit": {cpu: func(ago int) float64 {
			return choose(ago >= 50 && ago < 60, 95, choose(ago < 60, 86+float64(ago%2)*8, 50))
		}, since: 60},
		"one low minute in between": {cpu: func(ago int) float64 { return choose(ago == 30 || ago >= 60, 70, 95) }, since: 60},
		"a calm time in between":    {cpu: func(ago int) float64 { return choose(ago >= 30 && ago < 40 || ago >= 60, 20, 95) }, since: 30},
		"over since two minutes":    {cpu: func(ago int) float64 { return choose(ago < 2 || ago >= 60, 10, 95) }},
		"more than a day":           {cpu: func(int) float64 { return 95 }, since: day, older: true},
		"below the limit":           {cpu: func(int) float64 { return 89 }},
		"a reading each minute":     {cpu: func(ago int) float64 { return choose(ago < 12, 95, 10) }, since: 12, interval: time.Minute},
		"a third of the samples":    {cpu: func(ago int) float64 { return choose(ago < 60, 95, 10) }, lost: func(_, sample int) bool { return sample%3 > 0 }},
		"two thirds of the samples": {cpu: func(ago int) float64 { return choose(ago < 60, 95, 10) }, lost: func(_, sample int) bool { return sample%3 == 0 }, since: 60},
	}
	var samples []record.Sample
	for name, c := range hosts {
		interval := cmp.Or(c.interval, 20*time.Second)
		n := 0
		for at := to.Add(-25 * time.Hour); at.Before(to); at = at.Add(interval) {
			ago := int(to.Sub(at)-1) / int(time.Minute)
			n++
			if c.lost != nil && ago < 60 && c.lost(ago, n) {
				continue
			}
			samples = append(samples, record.Sample{
				TS: record.TS(at), SessionID: name, Seq: int64(n), IntervalS: int32(interval.Seconds()), Hostname: name, CPUPct: record.Some(c.cpu(ago)),
			})
		}
	}
	problems := attention(t, samples, to)
	for name, c := range hosts {
		found := problems[name]
		if c.since == 0 {
			if len(found) > 0 {
				t.Errorf("%s: problem %v, want no problem", name, found)
			}
			continue
		}
		if len(found) != 1 {
			t.Errorf("%s: problems %v, want 1", name, found)
			continue
		}
		since := (record.TS(to) - found[0]["since"].(float64)) / 60
		if math.Abs(since-c.since) > 1 || found[0]["unknown_since"] != c.older {
			t.Errorf("%s: since %.1f minutes, at least: %v; want %.0f minutes, %v", name, since, found[0]["unknown_since"], c.since, c.older)
		}
	}
}

// attention returns the problems that stand at a time, by host, over a lake of the samples.
func attention(t *testing.T, samples []record.Sample, to time.Time) map[string][]row {
	t.Helper()
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	result := runPanel(t, open(t, dir), "overview-attention", panels.Params{
		Range: panels.Range{From: to.Add(-15 * time.Minute), To: to}, Bucket: time.Minute, Series: 1, Delay: time.Minute,
	})
	rows := make([]row, result.Rows())
	for i := range rows {
		rows[i] = row{}
		for j, c := range result.Columns {
			rows[i][c.Name] = result.Data[j][i]
		}
	}
	return by(rows, func(r row) string { return fmt.Sprint(r["host"]) })
}

func choose(condition bool, yes, no float64) float64 {
	if condition {
		return yes
	}
	return no
}

// A disk's use over a day, by the hours that are over, decides whether it will be full soon.
func TestDiskFullSoon(t *testing.T) {
	to := time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)
	hosts := map[string]struct {
		used func(hour float64) float64 // 0 to 24
		full float64                    // in hours; 0 means that there is no problem
	}{
		"does not grow":       {used: func(float64) float64 { return 85 }},
		"grows slowly":        {used: func(h float64) float64 { return 50 + h*.1 }},
		"full in four days":   {used: func(h float64) float64 { return 40 + h*.5 }}, // 0.5 % an hour: 48 % in 96 hours, which is not soon
		"full in a day":       {used: func(h float64) float64 { return 52 + h }, full: 24},
		"was cleaned":         {used: func(h float64) float64 { return choose(h < 22, 70+h, 30) }},
		"one file at once":    {used: func(h float64) float64 { return choose(h < 18, 50, 75) }},
		"comes and goes":      {used: func(h float64) float64 { return 50 + 30*math.Mod(h, 3)/3 }},
		"grows with the hour": {used: func(h float64) float64 { return 60 + h + math.Mod(h, 1) }, full: 16},
	}
	var samples []record.Sample
	for name, c := range hosts {
		for n := range 24 * 60 {
			at := to.Add(time.Duration(n-24*60) * time.Minute)
			samples = append(samples, record.Sample{
				TS: record.TS(at), SessionID: name, Seq: int64(n), IntervalS: 60, Hostname: name, DiskUsedPct: record.Some(c.used(float64(n) / 60)),
			})
		}
	}
	problems := attention(t, samples, to)
	for name, c := range hosts {
		found := 0.0
		for _, p := range problems[name] {
			if p["problem"] == panels.DiskFullSoon {
				found = p["value"].(float64) / 3600
			}
		}
		if math.Abs(found-c.full) > 2 {
			t.Errorf("%s: full in %.1f hours, want %.1f (0 means no problem)", name, found, c.full)
		}
	}
}

// The disk that will be full first comes first, also before one that is fuller but does not grow.
func TestFullestIsFullFirst(t *testing.T) {
	to := time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)
	var samples []record.Sample
	for host, used := range map[string]func(hour float64) float64{
		"full, still":    func(float64) float64 { return 93 },
		"grows fast":     func(h float64) float64 { return 40 + h },       // full in 36 hours
		"grows":          func(h float64) float64 { return 60 + .2*h },    // in 7 days
		"grows in years": func(h float64) float64 { return 50 + .001*h },  // in 5 years
		"shrinks":        func(h float64) float64 { return 94 - .0001*h }, // by 0.0024 % a day
	} {
		for n := range 24 * 12 {
			samples = append(samples, record.Sample{
				TS: record.TS(to.Add(time.Duration(n-24*12) * 5 * time.Minute)), SessionID: host, Seq: int64(n), IntervalS: 300, Hostname: host,
				DiskUsedPct: record.Some(used(float64(n) / 12)),
			})
		}
	}
	slices.SortFunc(samples, func(a, b record.Sample) int { return int(a.TS - b.TS) })
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	result := runPanel(t, open(t, dir), "disk-fullest", params(to.Add(-time.Hour), to))
	if got := fmt.Sprint(result.Data[result.Index("host")]); got != "[grows fast grows shrinks full, still grows in years]" {
		t.Errorf("the order is %s", got)
	}
	for i := range result.Rows() {
		if v := at(t, result, "per_day", i).(float64); v != 0 && math.Abs(v) < .005 || math.Signbit(v) {
			t.Errorf("%v grows by %v a day", at(t, result, "host", i), v)
		}
	}
}

// The trend is that of the last 30 days, also if the range is longer: here a disk that was cleaned up for a month has filled since.
func TestTrendOfTheLastMonth(t *testing.T) {
	to := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	var samples []record.Sample
	for n := range 60 * 8 {
		day := float64(n) / 8
		used := record.Some(90 - day + 2*max(0, day-30)) // from 90 to 60 and back
		samples = append(samples, record.Sample{
			TS: record.TS(to.Add(time.Duration(n-60*8) * 3 * time.Hour)), SessionID: "s", Seq: int64(n), IntervalS: 3 * 3600, Hostname: "a",
			DiskUsedPct: used, Filesystems: []record.Filesystem{{Mount: "/", UsedPct: used}},
		})
	}
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	for _, id := range []string{"disk-fullest", "host-filesystems"} {
		result := runPanel(t, open(t, dir), id, params(to.Add(-60*24*time.Hour), to))
		if growth := at(t, result, "per_day", 0).(float64); result.Rows() != 1 || math.Abs(growth-1) > .01 {
			t.Errorf("%s: %d rows, growth %v, want 1 %% a day", id, result.Rows(), growth)
		}
	}
}

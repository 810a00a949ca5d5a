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

func TestGaugesAndLag(t *testing.T) {
	forCases(t, func(t *testing.T, l *lake.Lake, samples []record.Sample, p panels.Params) {
		last := map[string][]float64{}
		for _, rows := range by(of(t, "performance-now", samples, p), row.host) {
			if rows[len(rows)-1]["ts"].(float64) < record.TS(p.Range.To)-p.Delay.Seconds()-3*sceneStep {
				continue
			}
			for name, get := range map[string]func(row) (float64, bool){
				"cpu_pct": column("cpu_pct"), "ram_pct": column("ram_pct"), "cpu_pressure_pct": column("cpu_pressure_pct"),
				"core_load": func(r row) (float64, bool) {
					load, ok := r.get("load1")
					cores, _ := r.get("cpu_count")
					return 100 * load / cores, ok
				},
			} {
				if values := present(rows, get); len(values) > 0 {
					last[name] = append(last[name], values[len(values)-1])
				}
			}
		}
		result := runPanel(t, l, "performance-now", p)
		for name, high := range map[string]string{"cpu_pct": "cpu_max", "ram_pct": "ram_max", "core_load": "load_max", "cpu_pressure_pct": "pressure_max"} {
			expect(t, result, name, 0, last[name], mean)
			expect(t, result, high, 0, last[name], slices.Max)
		}
		// The fixture's samples are processed a minute after they were taken, in whole seconds.
		lag := runPanel(t, l, "overview-lag", p)
		buckets := by(of(t, "overview-lag", samples, p), func(r row) float64 { return floorTo(r["ts"].(float64), p.Bucket.Seconds()) })
		if lag.Rows() != len(buckets) {
			t.Fatalf("%d rows of lag, want %d", lag.Rows(), len(buckets))
		}
		for i := range lag.Rows() {
			check(t, lag, i, map[string]float64{"lag": 60, "lag_max": 60})
		}
	})
}

// TestAnomalies computes the panels again in Go, slot by slot, by the definition in package panels.
func TestAnomalies(t *testing.T) {
	l, samples := fixture(t)
	found := 0
	for _, metric := range []string{"cpu_pct", "disk_busy_pct", "net_bytes_recv_per_s"} {
		p := params(start.Add(time.Hour), start.Add(3*time.Hour))
		p.Metric = metric
		m, _ := panels.MetricOf(metric)
		slot := max(panels.BucketFor(p.Range, 120), 15*time.Second).Seconds()

		type point struct {
			host                     string
			t, value, median, spread float64
			score                    float64
		}
		var points []point
		shown := record.TS(p.Range.From)
		wide := p
		wide.Range.From = p.Range.From.Add(-time.Duration(24*slot) * time.Second)
		for host, rows := range by(of(t, "anomalies-band", samples, wide), row.host) {
			slots := by(rows, func(r row) float64 { return floorTo(r["ts"].(float64), slot) })
			value := func(at float64) []float64 { return present(slots[at], column(metric)) }
			for _, at := range slices.Sorted(maps.Keys(slots)) {
				if at < shown || len(value(at)) == 0 {
					continue
				}
				var before []float64
				for i := 1.0; i <= 24; i++ {
					if v := value(at - i*slot); len(v) > 0 {
						before = append(before, mean(v))
					}
				}
				if len(before) < 8 {
					continue
				}
				median := quantile(0.5)(before)
				for i := range before {
					before[i] = math.Abs(before[i] - median)
				}
				tolerance := 4 * (1.4826*quantile(0.5)(before) + 0.05*math.Abs(median) + m.Least)
				v := mean(value(at))
				points = append(points, point{host, at, v, median, tolerance, math.Abs(v-median) / tolerance})
			}
		}
		outside := map[string][]point{}
		weight := map[string]float64{}
		for _, pt := range points {
			if pt.score > 1 {
				outside[pt.host] = append(outside[pt.host], pt)
				weight[pt.host] += pt.score
				found++
			}
		}
		result := runPanel(t, l, "anomalies-map", p)
		if result.Rows() != len(points) {
			t.Fatalf("%s: %d points, want %d", metric, result.Rows(), len(points))
		}
		for i := range result.Rows() {
			j := slices.IndexFunc(points, func(pt point) bool {
				return pt.host == at(t, result, "host", i) && pt.t == at(t, result, "t", i)
			})
			if j < 0 {
				t.Fatalf("%s: point %v %v is none", metric, at(t, result, "host", i), at(t, result, "t", i))
			}
			check(t, result, i, map[string]float64{"value": points[j].value, "median": points[j].median, "score": points[j].score})
		}
		counts := runPanel(t, l, "anomalies-hosts", p)
		if counts.Rows() != len(outside) {
			t.Errorf("%s: %d hosts with points outside, want %d", metric, counts.Rows(), len(outside))
		}
		for i := range counts.Rows() {
			check(t, counts, i, map[string]float64{"points": float64(len(outside[fmt.Sprint(at(t, counts, "host", i))]))})
		}
		// An event is a run of points that are outside on the same side.
		type event struct {
			host        string
			start       float64
			length      float64
			usual, peak float64
		}
		var events []event
		for host, pts := range outside {
			slices.SortFunc(pts, func(a, b point) int { return cmp.Compare(a.t, b.t) })
			var run []point
			flush := func() {
				if len(run) == 0 {
					return
				}
				top := slices.MaxFunc(run, func(a, b point) int { return cmp.Compare(a.score, b.score) })
				events = append(events, event{host, run[0].t, float64(len(run)) * slot, top.median, top.value})
				run = nil
			}
			for _, pt := range pts {
				if n := len(run); n > 0 && (pt.t-run[n-1].t > slot || (pt.value > pt.median) != (run[n-1].value > run[n-1].median)) {
					flush()
				}
				run = append(run, pt)
			}
			flush()
		}
		slices.SortFunc(events, func(a, b event) int { return cmp.Or(cmp.Compare(b.start, a.start), cmp.Compare(a.host, b.host)) })
		table := runPanel(t, l, "anomalies-events", p)
		if table.Rows() != len(events) {
			t.Fatalf("%s: %d events, want %d", metric, table.Rows(), len(events))
		}
		for i, e := range events {
			if at(t, table, "host", i) != e.host {
				t.Errorf("%s: event %d is of %v, want %s", metric, i, at(t, table, "host", i), e.host)
			}
			check(t, table, i, map[string]float64{"start_t": e.start, "length_s": e.length, "usual": e.usual, "peak": e.peak, "size": e.peak - e.usual})
		}
		if len(outside) == 0 {
			continue
		}
		worst := slices.MaxFunc(slices.Collect(maps.Keys(weight)), func(a, b string) int { return cmp.Compare(weight[a], weight[b]) })
		band := runPanel(t, l, "anomalies-band", p)
		for i := range band.Rows() {
			j := slices.IndexFunc(points, func(pt point) bool { return pt.host == worst && pt.t == at(t, band, "t", i) })
			if j < 0 || at(t, band, "host", i) != worst || at(t, band, "outside", i) != (points[j].score > 1) {
				t.Fatalf("%s: point %v of %v, want one of %s", metric, at(t, band, "t", i), at(t, band, "host", i), worst)
			}
			check(t, band, i, map[string]float64{"value": points[j].value, "low": points[j].median - points[j].spread, "high": points[j].median + points[j].spread})
		}
	}
	if found < 10 {
		t.Errorf("the fixture has %d points outside", found)
	}
}

func TestFilterChoices(t *testing.T) {
	l, samples := fixture(t)
	p := cases["all"]
	hosts := byHost(within(samples, p, 0))
	result := runPanel(t, l, "filters-hosts", p)
	if result.Rows() != len(hosts) {
		t.Fatalf("%d hosts, want %d", result.Rows(), len(hosts))
	}
	for i, host := range slices.Sorted(maps.Keys(hosts)) {
		s := hosts[host][len(hosts[host])-1]
		if at(t, result, "host", i) != host || at(t, result, "env", i) != s.Env || at(t, result, "role", i) != s.NodeRole || at(t, result, "last_ts", i) != s.TS {
			t.Errorf("row %d: %v %v %v", i, at(t, result, "host", i), at(t, result, "env", i), at(t, result, "role", i))
		}
	}
	want := map[string]float64{}
	for _, samples := range hosts {
		if newest := samples[len(samples)-1]; newest.TS >= record.TS(p.Range.To.Add(-time.Hour)) {
			for key, value := range newest.Tags {
				want[key+"="+value]++
			}
		}
	}
	tags := runPanel(t, l, "filters-tags", p)
	if tags.Rows() != len(want) {
		t.Fatalf("%d tags, want %d", tags.Rows(), len(want))
	}
	for i := range tags.Rows() {
		check(t, tags, i, map[string]float64{"hosts": want[fmt.Sprint(at(t, tags, "tag", i))+"="+fmt.Sprint(at(t, tags, "value", i))]})
	}
}

// TestPanelsOverTwoSchemas runs every panel over a lake whose older files lack columns.
func TestPanelsOverTwoSchemas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	half := start.Add(30 * time.Minute)
	laketest.Write(t, dir, laketest.Scene(start, half, 10*time.Second),
		"cpu_pressure_pct", "io_pressure_pct", "mem_pressure_pct", "tags", "env", "disk_used_pct", "_processed_timestamp")
	laketest.Write(t, dir, laketest.Scene(half, half.Add(30*time.Minute), 10*time.Second))
	l := open(t, dir)
	p := params(start, start.Add(time.Hour))
	for _, d := range panels.All() {
		for _, panel := range d.Panels {
			if r := runPanel(t, l, panel.ID, p); r.Rows() == 0 && panel.Empty == "" {
				t.Errorf("%s: no rows", panel.ID)
			}
		}
	}
	r := runPanel(t, l, "environments-summary", p)
	if got := fmt.Sprint(r.Data[r.Index("env")]); got != "[(none) prod staging]" {
		t.Errorf("environments %s", got)
	}
	p.Env = "(none)"
	if r := runPanel(t, l, "hosts-summary", p); r.Rows() == 0 {
		t.Error("hosts without an environment cannot be chosen")
	}
}

// TestEventsOfSlowHosts: a host that sends less often than once a slot has one event, like a host that sends in each slot.
func TestEventsOfSlowHosts(t *testing.T) {
	const span = time.Hour
	busy, calm := start.Add(30*time.Minute), start.Add(35*time.Minute)
	intervals := []time.Duration{10 * time.Second, 45 * time.Second, time.Minute, 100 * time.Second}
	var samples []record.Sample
	for n, interval := range intervals {
		for at := start.Add(-span); at.Before(start.Add(span)); at = at.Add(interval) {
			cpu := 10.0
			if !at.Before(busy) && at.Before(calm) {
				cpu = 80
			}
			samples = append(samples, record.Sample{
				TS: record.TS(at), SessionID: fmt.Sprint(n), Seq: int64(at.Sub(start)/interval) + 1e6, IntervalS: int32(interval.Seconds()), Hostname: fmt.Sprint("every ", interval),
				CPUPct: record.Some(cpu),
			})
		}
	}
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	r := runPanel(t, open(t, dir), "anomalies-events", params(start, start.Add(span)))
	found := map[any]int{}
	for i := range r.Rows() {
		host := at(t, r, "host", i)
		// The steps of 30, 60 and 120 s in which the hosts have values begin with their slots of 30 s.
		begin, length := at(t, r, "start_t", i).(float64)-record.TS(busy), at(t, r, "length_s", i).(int64)
		if begin < -30 || begin > 120 || length < 240 || length > 480 {
			t.Errorf("%v: an event %v s after it began, of %d s; want about 300 s", host, begin, length)
		}
		found[host]++
	}
	for _, interval := range intervals {
		if host := fmt.Sprint("every ", interval); found[host] != 1 {
			t.Errorf("%s: %d events, want 1", host, found[host])
		}
	}
}

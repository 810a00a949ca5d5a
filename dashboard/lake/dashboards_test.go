package lake_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// These tests compare the panels of all dashboards but the first with the same numbers, computed in Go from the samples' lines.

// row is a sample as it is on the wire, by the names of its columns.
type row map[string]any

func (r row) get(column string) (float64, bool) {
	v, ok := r[column].(float64)
	return v, ok
}

func (r row) host() string { return fmt.Sprint(r["hostname"]) }

// sum adds columns. The sum is absent if one of them is.
func (r row) sum(columns ...string) (total float64, ok bool) {
	for _, c := range columns {
		v, ok := r.get(c)
		if !ok {
			return 0, false
		}
		total += v
	}
	return total, true
}

// parsed keeps the rows of the samples that many tests use.
var parsed = map[string]row{}

func rowsOf(t *testing.T, samples []record.Sample) []row {
	t.Helper()
	rows := make([]row, len(samples))
	for i, s := range samples {
		id := fmt.Sprint(s.SessionID, s.Seq)
		if parsed[id] == nil {
			var r row
			if err := json.Unmarshal(s.AppendJSON(nil), &r); err != nil {
				t.Fatal(err)
			}
			r["ts"] = s.TS
			parsed[id] = r
		}
		rows[i] = parsed[id]
	}
	return rows
}

// of returns the rows that a panel reads with the parameters.
func of(t *testing.T, id string, samples []record.Sample, p panels.Params) []row {
	t.Helper()
	panel, ok := panels.Find(id)
	if !ok {
		t.Fatalf("no panel %s", id)
	}
	return rowsOf(t, within(samples, p, time.Duration(panel.MinSpanS)*time.Second))
}

func by[K comparable](rows []row, key func(row) K) map[K][]row {
	groups := map[K][]row{}
	for _, r := range rows {
		groups[key(r)] = append(groups[key(r)], r)
	}
	return groups
}

// present returns the values of a column that are not absent.
func present(rows []row, get func(row) (float64, bool)) (values []float64) {
	for _, r := range rows {
		if v, ok := get(r); ok {
			values = append(values, v)
		}
	}
	return values
}

func column(name string) func(row) (float64, bool) {
	return func(r row) (float64, bool) { return r.get(name) }
}

// expect compares a cell with a number, or with NULL if there are no values.
func expect(t *testing.T, r panels.Result, name string, i int, values []float64, f func([]float64) float64) {
	t.Helper()
	got := at(t, r, name, i)
	if len(values) == 0 {
		if got != nil {
			t.Errorf("row %d: %s is %v, want NULL", i, name, got)
		}
		return
	}
	if !near(got, f(values)) {
		t.Errorf("row %d: %s is %v, want %v", i, name, got, f(values))
	}
}

func total(values []float64) float64 { return mean(values) * float64(len(values)) }

// quantile interpolates linearly between the two nearest values.
func quantile(q float64) func([]float64) float64 {
	return func(values []float64) float64 {
		sorted := slices.Sorted(slices.Values(values))
		place := q * float64(len(sorted)-1)
		i := int(place)
		if i+1 == len(sorted) {
			return sorted[i]
		}
		return sorted[i] + (place-float64(i))*(sorted[i+1]-sorted[i])
	}
}

func floorTo(ts, width float64) float64 { return math.Floor(ts/width) * width }

// forCases runs a test with each set of parameters.
func forCases(t *testing.T, f func(t *testing.T, l *lake.Lake, samples []record.Sample, p panels.Params)) {
	t.Helper()
	l, samples := fixture(t)
	for name, p := range cases {
		t.Run(name, func(t *testing.T) { f(t, l, samples, p) })
	}
}

func TestFleetOverTime(t *testing.T) {
	forCases(t, func(t *testing.T, l *lake.Lake, samples []record.Sample, p panels.Params) {
		for id, over := range map[string]func([]float64) float64{
			"performance-states": mean, "performance-pressure": mean, "network-bytes": total, "network-packets": total, "disk-bytes": total,
		} {
			buckets := by(of(t, id, samples, p), func(r row) float64 { return floorTo(r["ts"].(float64), p.Bucket.Seconds()) })
			panel, _ := panels.Find(id)
			result := runPanel(t, l, id, p)
			if result.Rows() != len(buckets) || len(buckets) == 0 {
				t.Fatalf("%s: %d rows, want %d", id, result.Rows(), len(buckets))
			}
			for i, when := range slices.Sorted(maps.Keys(buckets)) {
				check(t, result, i, map[string]float64{"t": when, "interval_s": sceneStep})
				for _, v := range panel.Values {
					var means []float64
					for _, rows := range by(buckets[when], row.host) {
						if values := present(rows, column(v.Column)); len(values) > 0 {
							means = append(means, mean(values))
						}
					}
					expect(t, result, v.Column, i, means, over)
				}
			}
		}
	})
}

// TestErrorsOfSomeKinds: a producer may send errors without drops. Its host has its place among those that lose packets.
func TestErrorsOfSomeKinds(t *testing.T) {
	samples := laketest.Samples(2, start, start.Add(10*time.Minute), 10*time.Second)
	for i := range samples {
		if s := &samples[i]; s.Hostname == samples[0].Hostname {
			s.NetErrInPerS = record.Some(1e4)
			s.NetDropInPerS, s.NetDropOutPerS = record.Float{}, record.Float{}
		}
	}
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	result := runPanel(t, open(t, dir), "network-errors", params(start, start.Add(10*time.Minute)))
	if result.Rows() != 2 || at(t, result, "host", 0) != samples[0].Hostname {
		t.Errorf("the hosts are %v", result.Data)
	}
}

func TestTopHosts(t *testing.T) {
	order := func(columns ...string) func(map[string]float64) float64 {
		return func(means map[string]float64) (sum float64) {
			for _, c := range columns {
				sum += means[c]
			}
			return sum
		}
	}
	forCases(t, func(t *testing.T, l *lake.Lake, samples []record.Sample, p panels.Params) {
		for id, weight := range map[string]func(map[string]float64) float64{
			"performance-top": order("cpu_pct"), "hosts-average": order("cpu_pct"), "disk-busiest": order("disk_busy_pct"),
			"disk-operations": order("disk_read_ops_per_s", "disk_write_ops_per_s"),
			"network-errors":  order("net_err_in_per_s", "net_err_out_per_s", "net_drop_in_per_s", "net_drop_out_per_s"),
		} {
			panel, _ := panels.Find(id)
			means := map[string]map[string]float64{}
			for host, rows := range by(of(t, id, samples, p), row.host) {
				m := map[string]float64{}
				for _, v := range panel.Values {
					if values := present(rows, column(v.Column)); len(values) > 0 {
						m[v.Column] = mean(values)
					}
				}
				if _, ok := m[panel.Values[0].Column]; ok {
					means[host] = m
				}
			}
			result := runPanel(t, l, id, p)
			if result.Rows() != len(means) {
				t.Fatalf("%s: %d rows, want %d", id, result.Rows(), len(means))
			}
			last := math.Inf(1)
			for i := range result.Rows() {
				host := fmt.Sprint(at(t, result, "host", i))
				if _, ok := means[host]; !ok || weight(means[host]) > last+1e-9 {
					t.Errorf("%s: row %d is of %s, out of order or twice", id, i, host)
				}
				last = weight(means[host])
				for _, v := range panel.Values {
					check(t, result, i, map[string]float64{v.Column: means[host][v.Column]})
				}
				delete(means, host)
			}
		}
	})
}

func TestPointsOfHosts(t *testing.T) {
	throughput := func(r row) (float64, bool) { return r.sum("net_bytes_recv_per_s", "net_bytes_sent_per_s") }
	forCases(t, func(t *testing.T, l *lake.Lake, samples []record.Sample, p panels.Params) {
		for id, axes := range map[string]map[string]func(row) (float64, bool){
			"network-scatter":      {"throughput": throughput, "errors": errorRate},
			"disk-scatter":         {"cpu_pct": column("cpu_pct"), "disk_busy_pct": column("disk_busy_pct")},
			"hosts-scatter":        {"cpu_pct": column("cpu_pct"), "ram_pct": column("ram_pct")},
			"environments-scatter": {"cpu_pct": column("cpu_pct"), "ram_pct": column("ram_pct")},
		} {
			hosts := by(of(t, id, samples, p), row.host)
			result := runPanel(t, l, id, p)
			if result.Rows() != len(hosts) {
				t.Fatalf("%s: %d rows, want %d", id, result.Rows(), len(hosts))
			}
			for i, host := range slices.Sorted(maps.Keys(hosts)) {
				if at(t, result, "host", i) != host || at(t, result, "env", i) != hosts[host][0]["env"] {
					t.Errorf("%s: row %d is of %v in %v", id, i, at(t, result, "host", i), at(t, result, "env", i))
				}
				for name, get := range axes {
					expect(t, result, name, i, present(hosts[host], get), mean)
				}
			}
		}
	})
}

func errorRate(r row) (float64, bool) {
	return r.sum("net_err_in_per_s", "net_err_out_per_s", "net_drop_in_per_s", "net_drop_out_per_s")
}

func TestOneHost(t *testing.T) {
	forCases(t, func(t *testing.T, l *lake.Lake, samples []record.Sample, p panels.Params) {
		for _, panel := range hostPage(t) {
			if panel.Kind != panels.Series {
				continue
			}
			buckets := by(of(t, panel.ID, samples, p), func(r row) float64 { return floorTo(r["ts"].(float64), p.Bucket.Seconds()) })
			result := runPanel(t, l, panel.ID, p)
			if result.Rows() != len(buckets) || len(buckets) == 0 {
				t.Fatalf("%s: %d rows, want %d", panel.ID, result.Rows(), len(buckets))
			}
			for i, when := range slices.Sorted(maps.Keys(buckets)) {
				check(t, result, i, map[string]float64{"t": when})
				for _, v := range panel.Values {
					values := present(buckets[when], column(v.Column))
					expect(t, result, v.Column, i, values, mean)
					if v.High != "" {
						expect(t, result, v.High, i, values, slices.Max)
					}
				}
			}
		}
	})
}

func hostPage(t *testing.T) []panels.Panel {
	t.Helper()
	for _, d := range panels.All() {
		if d.ID == "host" {
			return d.Panels
		}
	}
	t.Fatal("there is no page of a host")
	return nil
}

// written is the query of a panel as an engine gets it.
func written(t *testing.T, panel panels.Panel) string {
	t.Helper()
	q, err := panels.Bind(panel, cases["all"], panels.DuckDB())
	if err != nil {
		t.Fatal(err)
	}
	return q.SQL
}

// TestHostPageHasEveryQuantity: the page of one host shows each quantity of a sample. The few that it leaves out to stay short are on
// another page, which shows one host too if that is chosen.
func TestHostPageHasEveryQuantity(t *testing.T) {
	elsewhere := map[string]string{
		"cpu_user_pct": "performance-states", "cpu_system_pct": "performance-states", "disk_read_ops_per_s": "disk-operations",
		"disk_write_ops_per_s": "disk-operations", "net_packets_sent_per_s": "network-packets", "net_packets_recv_per_s": "network-packets",
	}
	var shown strings.Builder
	for _, panel := range hostPage(t) {
		shown.WriteString(written(t, panel))
		for _, v := range panel.Values {
			shown.WriteString(" " + v.Column + " ")
		}
	}
	for _, c := range record.SampleColumns() {
		switch c.Name {
		case "ts", "interval_s", "ram_used_bytes", "swap_used_bytes": // what is used is there in percent
			continue
		}
		text := shown.String()
		if id := elsewhere[c.Name]; id != "" {
			panel, _ := panels.Find(id)
			text = written(t, panel)
		}
		if c.Unit != record.NoUnit && !strings.Contains(text, c.Name) {
			t.Errorf("the page of a host lacks %s", c.Name)
		}
	}
}

func TestBoxes(t *testing.T) {
	forCases(t, func(t *testing.T, l *lake.Lake, samples []record.Sample, p panels.Params) {
		for id, name := range map[string]string{"hosts-cpu": "cpu_pct", "hosts-memory": "ram_pct"} {
			hosts := by(of(t, id, samples, p), row.host)
			maps.DeleteFunc(hosts, func(_ string, rows []row) bool { return len(present(rows, column(name))) == 0 })
			values := func(host string) []float64 { return present(hosts[host], column(name)) }
			order := slices.SortedFunc(maps.Keys(hosts), func(a, b string) int {
				return cmp.Compare(quantile(0.5)(values(b)), quantile(0.5)(values(a)))
			})
			result := runPanel(t, l, id, p)
			if result.Rows() != len(order) {
				t.Fatalf("%s: %d rows, want %d", id, result.Rows(), len(order))
			}
			for i, host := range order {
				if got := at(t, result, "host", i); got != host {
					t.Errorf("%s: row %d is of %v, want %s", id, i, got, host)
				}
				for column, f := range map[string]func([]float64) float64{
					"low": slices.Min[[]float64], "quarter": quantile(0.25), "median": quantile(0.5), "three_quarters": quantile(0.75), "high": slices.Max[[]float64],
				} {
					expect(t, result, column, i, values(host), f)
				}
			}
		}
	})
}

func TestSummaries(t *testing.T) {
	deviation := func(values []float64) float64 {
		sum, m := 0.0, mean(values)
		for _, v := range values {
			sum += (v - m) * (v - m)
		}
		return math.Sqrt(sum / float64(len(values)-1))
	}
	type cell struct {
		column string
		f      func([]float64) float64
	}
	statistics := map[string]cell{
		"cpu_mean": {"cpu_pct", mean}, "cpu_deviation": {"cpu_pct", deviation}, "cpu_ninety_five": {"cpu_pct", quantile(0.95)},
		"cpu_highest": {"cpu_pct", slices.Max[[]float64]}, "ram_mean": {"ram_pct", mean}, "ram_highest": {"ram_pct", slices.Max[[]float64]},
		"disk_mean": {"disk_busy_pct", mean}, "disk_fullest": {"disk_used_pct", slices.Max[[]float64]},
	}
	forCases(t, func(t *testing.T, l *lake.Lake, samples []record.Sample, p panels.Params) {
		for id, dimension := range map[string]string{"hosts-summary": "hostname", "environments-summary": "env"} {
			panel, _ := panels.Find(id)
			groups := by(of(t, id, samples, p), func(r row) string { return fmt.Sprint(r[dimension]) })
			result := runPanel(t, l, id, p)
			if result.Rows() != len(groups) {
				t.Fatalf("%s: %d rows, want %d", id, result.Rows(), len(groups))
			}
			for i, name := range slices.Sorted(maps.Keys(groups)) {
				rows := groups[name]
				if got := at(t, result, string(panel.By), i); got != name {
					t.Errorf("%s: row %d is of %v, want %s", id, i, got, name)
				}
				check(t, result, i, map[string]float64{"samples": float64(len(rows))})
				if dimension == "env" {
					check(t, result, i, map[string]float64{"hosts": float64(len(by(rows, row.host)))})
				}
				// What is of several hosts is the mean over the hosts, each counted once, or the highest of all.
				cells := func(column string, get func(row) (float64, bool), f func([]float64) float64) {
					var values []float64
					for _, rows := range by(rows, row.host) {
						if values1 := present(rows, get); len(values1) > 0 {
							values = append(values, f(values1))
						}
					}
					over := mean
					if strings.HasSuffix(column, "est") {
						over = slices.Max[[]float64]
					}
					expect(t, result, column, i, values, over)
				}
				cells("net_mean", func(r row) (float64, bool) { return r.sum("net_bytes_recv_per_s", "net_bytes_sent_per_s") }, mean)
				for column, s := range statistics {
					if result.Index(column) >= 0 {
						cells(column, func(r row) (float64, bool) { return r.get(s.column) }, s.f)
					}
				}
			}
		}
	})
}

func TestEnvironments(t *testing.T) {
	forCases(t, func(t *testing.T, l *lake.Lake, samples []record.Sample, p panels.Params) {
		panel, _ := panels.Find("environments-average")
		envs := by(of(t, panel.ID, samples, p), func(r row) string { return fmt.Sprint(r["env"]) })
		result := runPanel(t, l, panel.ID, p)
		if result.Rows() != len(envs) {
			t.Fatalf("%d rows, want %d", result.Rows(), len(envs))
		}
		for i, env := range slices.Sorted(maps.Keys(envs)) {
			for _, v := range panel.Values {
				var means []float64
				for _, rows := range by(envs[env], row.host) {
					if values := present(rows, column(v.Column)); len(values) > 0 {
						means = append(means, mean(values))
					}
				}
				expect(t, result, v.Column, i, means, mean)
			}
		}
		for id, name := range map[string]string{"environments-cpu": "cpu_pct", "environments-memory": "ram_pct"} {
			result, i := runPanel(t, l, id, p), 0
			for _, env := range slices.Sorted(maps.Keys(envs)) {
				buckets := by(envs[env], func(r row) float64 { return floorTo(r["ts"].(float64), p.Bucket.Seconds()) })
				for _, when := range slices.Sorted(maps.Keys(buckets)) {
					var values []float64 // the means of the hosts
					for _, rows := range by(buckets[when], row.host) {
						if of := present(rows, column(name)); len(of) > 0 {
							values = append(values, mean(of))
						}
					}
					if len(values) == 0 {
						continue
					}
					if at(t, result, "env", i) != env {
						t.Fatalf("%s: row %d is of %v, want %s", id, i, at(t, result, "env", i), env)
					}
					check(t, result, i, map[string]float64{"t": when, "value": mean(values), "low": slices.Min(values), "high": slices.Max(values)})
					i++
				}
			}
			if i != result.Rows() {
				t.Errorf("%s: %d rows, want %d", id, result.Rows(), i)
			}
		}
	})
}

func TestWorstOfTheNetwork(t *testing.T) {
	forCases(t, func(t *testing.T, l *lake.Lake, samples []record.Sample, p panels.Params) {
		hosts := by(of(t, "network-worst", samples, p), row.host)
		result := runPanel(t, l, "network-worst", p)
		if result.Rows() != len(hosts) {
			t.Fatalf("%d rows, want %d", result.Rows(), len(hosts))
		}
		last := math.Inf(1)
		for i := range result.Rows() {
			rows := hosts[fmt.Sprint(at(t, result, "host", i))]
			errors := present(rows, errorRate)
			expect(t, result, "errors", i, errors, mean)
			expect(t, result, "peak", i, errors, slices.Max)
			expect(t, result, "recv", i, present(rows, column("net_bytes_recv_per_s")), mean)
			expect(t, result, "sent", i, present(rows, column("net_bytes_sent_per_s")), mean)
			if mean(errors) > last+1e-9 {
				t.Errorf("row %d is out of order", i)
			}
			last = mean(errors)
		}
	})
}

package lake_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"os"
	"reflect"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// These tests run the panels' queries and compare the answers with the same numbers, computed in Go from the samples in the
// files. They are in this package because they need its engine.

// sceneStep is how many seconds are between the samples of a host in the scene.
const sceneStep = 10

// scene begins before midnight at the end of a month. So ranges cross the ends of hours, days and months.
var scene = sync.OnceValue(func() []record.Sample {
	samples := laketest.Scene(start, start.Add(3*time.Hour), sceneStep*time.Second)
	// The first samples of a session lack the columns that are differences. One host sends nothing about its disk.
	for i := range samples {
		if samples[i].Seq == 0 || samples[i].Hostname == "cache-01" {
			samples[i].DiskBusyPct, samples[i].CPUPct = record.Float{}, record.Float{}
		}
	}
	return samples
})

// sceneDir makes a lake of the scene once, for all tests that only read it.
var sceneDir string

func TestMain(m *testing.M) {
	code := m.Run()
	if err := os.RemoveAll(sceneDir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func fixture(t *testing.T) (*lake.Lake, []record.Sample) {
	t.Helper()
	if sceneDir == "" {
		dir, err := os.MkdirTemp("", "lake-test")
		if err != nil {
			t.Fatal(err)
		}
		sceneDir = dir
		laketest.Write(t, dir, scene())
	}
	return open(t, sceneDir), scene()
}

func runPanel(t *testing.T, l *lake.Lake, id string, p panels.Params) panels.Result {
	t.Helper()
	panel, ok := panels.Find(id)
	if !ok {
		t.Fatalf("no panel %s", id)
	}
	r, _ := resultOf(t, l, panel, p)
	return r
}

func params(from, to time.Time) panels.Params {
	r := panels.Range{From: from, To: to}
	return panels.Params{Range: r, Bucket: panels.BucketFor(r, 60), Series: 4, Delay: 30 * time.Second}
}

var cases = map[string]panels.Params{
	"all":           params(start, start.Add(3*time.Hour)),
	"over midnight": params(start.Add(110*time.Minute), start.Add(130*time.Minute+time.Millisecond)),
	"within":        params(start.Add(31*time.Minute), start.Add(52*time.Minute)),
	"one host":      with(func(p *panels.Params) { p.Host = "db-01" }),
	"environment":   with(func(p *panels.Params) { p.Env = "staging" }),
	"role":          with(func(p *panels.Params) { p.Role = "web" }),
	"tag":           with(func(p *panels.Params) { p.TagKey, p.TagValue = "team", "core" }),
	"all filters": with(func(p *panels.Params) {
		p.Host, p.Env, p.Role, p.TagKey, p.TagValue = "db-01", scene()[2].Env, "db", "rack", scene()[2].Tags["rack"]
	}),
}

func with(change func(*panels.Params)) panels.Params {
	p := params(start, start.Add(2*time.Hour))
	change(&p)
	return p
}

func within(samples []record.Sample, p panels.Params, minSpan time.Duration) []record.Sample {
	from, to := p.Range.From, p.Range.To
	if to.Sub(from) < minSpan {
		from = to.Add(-minSpan)
	}
	var found []record.Sample
	for _, s := range samples {
		if s.TS >= record.TS(from) && s.TS < record.TS(to) && (p.Host == "" || p.Host == s.Hostname) &&
			(p.Env == "" || p.Env == s.Env) && (p.Role == "" || p.Role == s.NodeRole) && (p.TagKey == "" || s.Tags[p.TagKey] == p.TagValue) {
			found = append(found, s)
		}
	}
	return found
}

func byHost(samples []record.Sample) map[string][]record.Sample {
	hosts := map[string][]record.Sample{}
	for _, s := range samples {
		hosts[s.Hostname] = append(hosts[s.Hostname], s)
	}
	return hosts
}

// near compares numbers. They may differ by the rounding of the wire (2 decimals of a percentage, 1 of a rate) and of sums.
func near(got any, want float64) bool {
	v, ok := got.(float64)
	if n, isInt := got.(int64); isInt {
		v, ok = float64(n), true
	}
	tolerance := 0.06
	if want > 100 {
		tolerance = 0.6 // a sum of rates
	}
	return ok && math.Abs(v-want) <= tolerance+1e-9*math.Abs(want)
}

func at(t *testing.T, r panels.Result, column string, row int) any {
	t.Helper()
	i := r.Index(column)
	if i < 0 {
		t.Fatalf("no column %s in %v", column, r.Columns)
	}
	return r.Data[i][row]
}

func check(t *testing.T, r panels.Result, row int, want map[string]float64) {
	t.Helper()
	for column, value := range want {
		if got := at(t, r, column, row); !near(got, value) {
			t.Errorf("row %d: %s is %v, want %v", row, column, got, value)
		}
	}
}

// last returns the newest value of a column that is not absent, and whether there is one.
func last(samples []record.Sample, get func(record.Sample) record.Float) (v float64, ok bool) {
	for _, s := range slices.Backward(samples) {
		if v, ok = get(s).Get(); ok {
			return v, ok
		}
	}
	return 0, false
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

func cpu(s record.Sample) record.Float  { return s.CPUPct }
func ram(s record.Sample) record.Float  { return s.RAMPct }
func disk(s record.Sample) record.Float { return s.DiskBusyPct }
func recv(s record.Sample) record.Float { return s.NetBytesRecvPerS }

// pressed is the highest of the three pressures.
func pressed(s record.Sample) record.Float {
	highest := record.Float{}
	for _, p := range []record.Float{s.CPUPressurePct, s.MemPressurePct, s.IOPressurePct} {
		if v, ok := p.Get(); ok && v >= highest.Or(0) {
			highest = p
		}
	}
	return highest
}

// lost is the sum of errors and drops.
func lost(s record.Sample) record.Float {
	return record.Some(s.NetErrInPerS.Or(0) + s.NetErrOutPerS.Or(0) + s.NetDropInPerS.Or(0) + s.NetDropOutPerS.Or(0))
}

func sent(s record.Sample) record.Float { return s.NetBytesSentPerS }

func TestLinesByHost(t *testing.T) {
	l, samples := fixture(t)
	for id, get := range map[string]func(record.Sample) record.Float{
		"overview-cpu": cpu, "overview-memory": ram, "overview-disk": disk, "overview-pressure": pressed,
		"performance-cpu": cpu, "performance-memory": ram, "disk-busy": disk,
	} {
		for name, p := range cases {
			t.Run(id+" "+name, func(t *testing.T) {
				type key struct {
					host string
					t    float64
				}
				buckets := map[key][]float64{}
				for _, s := range within(samples, p, 0) {
					if v, ok := get(s).Get(); ok {
						k := key{s.Hostname, math.Floor(s.TS/p.Bucket.Seconds()) * p.Bucket.Seconds()}
						buckets[k] = append(buckets[k], v)
					}
				}
				means := map[string][]float64{}
				for k, values := range buckets {
					means[k.host] = append(means[k.host], mean(values))
				}
				rank := ranks(p, means, func(host string) (newest, now, peak float64) {
					for k, values := range buckets {
						if k.host == host {
							peak = max(peak, slices.Max(values))
							if k.t >= newest {
								newest, now = k.t, mean(values)
							}
						}
					}
					return newest, now, peak
				})
				hosts := slices.SortedFunc(maps.Keys(means), rank)
				shown := hosts[:min(p.Series, len(hosts))]
				keys := slices.SortedFunc(maps.Keys(buckets), func(a, b key) int { return cmp.Or(cmp.Compare(a.host, b.host), cmp.Compare(a.t, b.t)) })
				keys = slices.DeleteFunc(keys, func(k key) bool { return !slices.Contains(shown, k.host) })

				r := runPanel(t, l, id, p)
				if r.Rows() != len(keys) || len(keys) == 0 {
					t.Fatalf("%d rows, want %d", r.Rows(), len(keys))
				}
				for i, k := range keys {
					if at(t, r, "host", i) != k.host || at(t, r, "t", i) != k.t {
						t.Fatalf("row %d is of %v %v, want %v", i, at(t, r, "host", i), at(t, r, "t", i), k)
					}
					values := buckets[k]
					check(t, r, i, map[string]float64{
						"value": mean(values), "low": slices.Min(values), "high": slices.Max(values),
						"hosts": float64(len(hosts)), "interval_s": sceneStep,
					})
				}
			})
		}
	}
}

// ranks orders hosts as charts choose them: the highest now and the highest of all come first, the others by their means. Of a host that
// is silent no value is of now.
func ranks(p panels.Params, means map[string][]float64, of func(host string) (newest, now, peak float64)) func(a, b string) int {
	first, highest := "", ""
	var firstNow, top float64
	for _, host := range slices.Sorted(maps.Keys(means)) {
		newest, now, peak := of(host)
		if silent := newest+p.Bucket.Seconds() < record.TS(p.Range.To)-p.Delay.Seconds()-3*sceneStep; !silent && (first == "" || now > firstNow) {
			first, firstNow = host, now
		}
		if highest == "" || peak > top {
			highest, top = host, peak
		}
	}
	late := func(host string) int {
		if host == first || host == highest {
			return 0
		}
		return 1
	}
	return func(a, b string) int {
		return cmp.Or(cmp.Compare(late(a), late(b)), cmp.Compare(mean(means[b]), mean(means[a])))
	}
}

func TestNetworkByHost(t *testing.T) {
	l, samples := fixture(t)
	for name, p := range cases {
		t.Run(name, func(t *testing.T) {
			type sums struct{ recv, sent []float64 }
			buckets := map[string]map[float64]*sums{}
			for _, s := range within(samples, p, 0) {
				at := math.Floor(s.TS/p.Bucket.Seconds()) * p.Bucket.Seconds()
				if buckets[s.Hostname] == nil {
					buckets[s.Hostname] = map[float64]*sums{}
				}
				if buckets[s.Hostname][at] == nil {
					buckets[s.Hostname][at] = &sums{}
				}
				b := buckets[s.Hostname][at]
				if v, ok := recv(s).Get(); ok { // absent in the first sample of a session, as sent is
					b.recv, b.sent = append(b.recv, v), append(b.sent, sent(s).Or(0))
				}
			}
			totals := map[string][]float64{}
			for host := range buckets {
				for _, b := range buckets[host] {
					totals[host] = append(totals[host], mean(b.recv)+mean(b.sent))
				}
			}
			hosts := slices.SortedFunc(maps.Keys(buckets), ranks(p, totals, func(host string) (newest, now, peak float64) {
				newest = slices.Max(slices.Collect(maps.Keys(buckets[host])))
				return newest, mean(buckets[host][newest].recv) + mean(buckets[host][newest].sent), slices.Max(totals[host])
			}))
			shown := slices.Sorted(slices.Values(hosts[:min(p.Series, len(hosts))]))
			r := runPanel(t, l, "overview-network", p)
			if again := runPanel(t, l, "network-hosts", p); !reflect.DeepEqual(again.Data, r.Data) {
				t.Error("network-hosts differs from overview-network")
			}
			row := 0
			for _, host := range shown {
				for _, when := range slices.Sorted(maps.Keys(buckets[host])) {
					if at(t, r, "host", row) != host || at(t, r, "t", row) != when {
						t.Fatalf("row %d is of %v %v, want %s %v", row, at(t, r, "host", row), at(t, r, "t", row), host, when)
					}
					b := buckets[host][when]
					check(t, r, row, map[string]float64{"recv": mean(b.recv), "sent": mean(b.sent), "hosts": float64(len(hosts))})
					row++
				}
			}
			if row != r.Rows() {
				t.Errorf("%d rows, want %d", r.Rows(), row)
			}
		})
	}
}

func TestTrend(t *testing.T) {
	l, samples := fixture(t)
	for name, p := range cases {
		t.Run(name, func(t *testing.T) {
			buckets := map[float64]map[string][]record.Sample{}
			for _, s := range within(samples, p, 0) {
				at := math.Floor(s.TS/p.Bucket.Seconds()) * p.Bucket.Seconds()
				if buckets[at] == nil {
					buckets[at] = map[string][]record.Sample{}
				}
				buckets[at][s.Hostname] = append(buckets[at][s.Hostname], s)
			}
			means := func(hosts map[string][]record.Sample, get func(record.Sample) record.Float) (all []float64) {
				for _, samples := range hosts {
					var values []float64
					for _, s := range samples {
						if v, ok := get(s).Get(); ok {
							values = append(values, v)
						}
					}
					if len(values) > 0 {
						all = append(all, mean(values))
					}
				}
				return all
			}
			r := runPanel(t, l, "overview-trend", p)
			if r.Rows() != len(buckets) {
				t.Fatalf("%d rows, want %d", r.Rows(), len(buckets))
			}
			for i, when := range slices.Sorted(maps.Keys(buckets)) {
				b := buckets[when]
				net := 0.0
				for _, v := range append(means(b, recv), means(b, sent)...) {
					net += v
				}
				check(t, r, i, map[string]float64{
					"t": when, "cpu_pct": mean(means(b, cpu)), "ram_pct": mean(means(b, ram)),
					"disk_busy_pct": slices.Max(means(b, disk)), "net_total": net,
				})
			}
		})
	}
}

// silent is the definition: the host sent no sample for three intervals and the delay.
func silent(samples []record.Sample, p panels.Params) bool {
	newest := samples[len(samples)-1]
	return newest.TS < record.TS(p.Range.To)-p.Delay.Seconds()-3*float64(newest.IntervalS)
}

func TestFleetAndLastSeen(t *testing.T) {
	l, samples := fixture(t)
	someSilent := false
	for name, p := range cases {
		t.Run(name, func(t *testing.T) {
			hosts := byHost(within(samples, p, 24*time.Hour))
			count := 0
			for _, s := range hosts {
				if silent(s, p) {
					count++
				}
			}
			someSilent = someSilent || count > 0
			check(t, runPanel(t, l, "overview-fleet", p), 0, map[string]float64{"hosts": float64(len(hosts)), "silent": float64(count)})

			r := runPanel(t, l, "overview-last-seen", p)
			if r.Rows() != len(hosts) {
				t.Fatalf("%d rows, want %d", r.Rows(), len(hosts))
			}
			for i, host := range slices.Sorted(maps.Keys(hosts)) {
				s := hosts[host]
				newest := s[len(s)-1]
				if at(t, r, "host", i) != host || at(t, r, "silent", i) != silent(s, p) || at(t, r, "node_role", i) != newest.NodeRole {
					t.Errorf("row %d: host %v silent %v role %v; want %s %v %s", i, at(t, r, "host", i), at(t, r, "silent", i),
						at(t, r, "node_role", i), host, silent(s, p), newest.NodeRole)
				}
				want := map[string]float64{"last_ts": newest.TS}
				recent := slices.DeleteFunc(slices.Clone(s), func(s record.Sample) bool { return s.TS < record.TS(p.Range.To)-3600 })
				for column, get := range map[string]func(record.Sample) record.Float{
					"cpu_pct": cpu, "ram_pct": ram, "disk_busy_pct": disk, "net_recv": recv, "net_sent": sent,
					"errors": lost, "pressure": pressed,
				} {
					if v, ok := last(recent, get); ok {
						want[column] = v
					} else if got := at(t, r, column, i); got != nil {
						t.Errorf("%s of %s is %v, want NULL", column, host, got)
					}
				}
				check(t, r, i, want)
			}
		})
	}
	if !someSilent {
		t.Error("the fixture has no silent host")
	}
}

func TestNow(t *testing.T) {
	l, samples := fixture(t)
	for name, p := range cases {
		t.Run(name, func(t *testing.T) {
			type reading struct {
				host  string
				value float64
			}
			readings := map[string][]reading{}
			hosts := 0
			for host, s := range byHost(within(samples, p, 15*time.Minute)) {
				if silent(s, p) {
					continue
				}
				hosts++
				for column, get := range map[string]func(record.Sample) record.Float{
					"cpu": cpu, "ram": ram, "disk": disk, "recv": recv, "sent": sent,
				} {
					if v, ok := last(s, get); ok {
						readings[column] = append(readings[column], reading{host, v})
					}
				}
			}
			values := func(column string) (all []float64) {
				for _, r := range readings[column] {
					all = append(all, r.value)
				}
				return all
			}
			top := func(column string) reading {
				return slices.MaxFunc(readings[column], func(a, b reading) int { return cmp.Compare(a.value, b.value) })
			}
			sum := func(column string) float64 { return mean(values(column)) * float64(len(values(column))) }
			r := runPanel(t, l, "overview-now", p)
			check(t, r, 0, map[string]float64{
				"hosts": float64(hosts), "cpu_pct": mean(values("cpu")), "cpu_max": top("cpu").value,
				"ram_pct": mean(values("ram")), "ram_max": top("ram").value, "disk_busy_pct": top("disk").value,
				"net_recv": sum("recv"), "net_sent": sum("sent"),
			})
			for column, of := range map[string]string{"cpu_host": "cpu", "ram_host": "ram", "disk_host": "disk"} {
				if got := at(t, r, column, 0); got != top(of).host {
					t.Errorf("%s is %v, want %s", column, got, top(of).host)
				}
			}
		})
	}
}

func TestPanelsOverAnEmptyLake(t *testing.T) {
	l := open(t, t.TempDir())
	for _, d := range panels.All() {
		for _, panel := range d.Panels {
			r := runPanel(t, l, panel.ID, cases["all"])
			want := 0
			if panel.Kind == panels.Stat || panel.Kind == panels.Gauge {
				want = 1
			}
			if r.Rows() != want {
				t.Errorf("%s: %d rows, want %d", panel.ID, r.Rows(), want)
			}
			for _, by := range []panels.Dimension{panel.By, panel.Across, panel.Group} {
				if by != "" && r.Index(string(by)) < 0 {
					t.Errorf("%s: no column %s", panel.ID, by)
				}
			}
			for _, v := range panel.Values {
				for _, column := range []string{v.Column, v.Low, v.High, v.Host, v.UnitColumn} {
					if column != "" && r.Index(column) < 0 {
						t.Errorf("%s: no column %s", panel.ID, column)
					}
				}
			}
		}
	}
}

// TestChoicesAreOnlyEverValues tries, in each parameter that is a text, texts that might end an SQL literal. No host has such a
// name, so a query must find nothing.
func TestChoicesAreOnlyEverValues(t *testing.T) {
	l, _ := fixture(t)
	attacks := []string{"' OR '1'='1", "x' OR hostname <> 'x", "'; SELECT 1; --", "%", "db-0_", "\x00", "DB-01", `"`, ":host", "?", "$1"}
	for name, set := range map[string]func(p *panels.Params, attack string){
		"host":      func(p *panels.Params, attack string) { p.Host = attack },
		"env":       func(p *panels.Params, attack string) { p.Env = attack },
		"role":      func(p *panels.Params, attack string) { p.Role = attack },
		"tag":       func(p *panels.Params, attack string) { p.TagKey, p.TagValue = attack, "core" },
		"tag value": func(p *panels.Params, attack string) { p.TagKey, p.TagValue = "team", attack },
	} {
		for _, attack := range attacks {
			p := cases["within"]
			set(&p, attack)
			for _, id := range []string{"overview-cpu", "overview-network", "overview-last-seen", "hosts-summary", "anomalies-map", "filters-hosts"} {
				if r := runPanel(t, l, id, p); r.Rows() != 0 {
					t.Errorf("%s with %s %q: %d rows", id, name, attack, r.Rows())
				}
			}
		}
	}
	p := cases["all"]
	p.Metric = "cpu_pct THEN 1 END) FROM samples; --"
	if q, err := panels.Bind(panels.Panel{ID: "x", SQL: `SELECT metric FROM {{samples "metric"}}`}, p, l.Form(t.Context())); err == nil {
		t.Errorf("a metric of no column is accepted: %v", q)
	}
}

// twoFiles matches a plan that read two files. If the plan is wide and its boxes are narrow, the text is broken into lines, with parts
// of other boxes between them.
var twoFiles = regexp.MustCompile(`Total Files[\s─-╿]*Read:[\s─-╿]*2[\s│]`)

// TestPanelsReadOnlyTheirPartitions looks at the plan of each panel. The queries have no range that narrows the list of files.
func TestPanelsReadOnlyTheirPartitions(t *testing.T) {
	dir := t.TempDir()
	laketest.Write(t, dir, laketest.Samples(1, start.Add(-72*time.Hour), start, 10*time.Minute))
	l := open(t, dir)
	for _, d := range panels.All() {
		for _, panel := range d.Panels {
			panel.MinSpanS, panel.MaxSpanS, panel.Lead, panel.Weeks = 0, 0, 0, 0
			q, err := panels.Bind(panel, params(start.Add(-5*time.Hour-30*time.Minute), start.Add(-4*time.Hour)), l.Form(t.Context()))
			if err != nil {
				t.Fatal(err)
			}
			q.SQL, q.Range = "EXPLAIN ANALYZE "+q.SQL, panels.Range{}
			r, err := l.Query(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if plan := fmt.Sprint(r.Data); !twoFiles.MatchString(plan) {
				t.Errorf("%s does not read 2 of the 72 files:\n%s", panel.ID, plan)
			}
		}
	}
}

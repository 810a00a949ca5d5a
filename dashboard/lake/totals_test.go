package lake_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// steady is a machine whose value is known at every moment. It varies by a twentieth over a third of the range.
type steady struct {
	base     float64
	phase    float64
	interval time.Duration
	first    time.Time // a sample
}

func (s steady) value(t time.Time, span time.Duration) float64 {
	return s.base * (1 + .05*math.Sin(s.phase+6*math.Pi*float64(t.UnixMilli())/float64(span.Milliseconds())))
}

// truth is the mean over a range of the hosts' sum, of the highest of them, and of their median.
func truth(fleet []steady, r panels.Range) (sum, highest, median float64) {
	const parts = 3000
	span := r.To.Sub(r.From)
	for i := range parts {
		var values []float64
		for _, host := range fleet {
			v := host.value(r.From.Add(span/parts*time.Duration(i)), span)
			sum, values = sum+v/parts, append(values, v)
		}
		highest, median = highest+slices.Max(values)/parts, median+quantileOf(values, .5)/parts
	}
	return sum, highest, median
}

// acrossHosts are the panels that add up or average hosts over time: the columns that are sums over hosts, those that are means, and
// those that are maxima. Each machine of the test sends one number in all columns: unlike a real one, as percent and as bytes.
var acrossHosts = map[string]map[string]string{
	"overview-trend":       {"cpu_pct": "mean", "ram_pct": "mean", "disk_busy_pct": "max", "net_total": "sum of two"},
	"network-bytes":        {"net_bytes_recv_per_s": "sum", "net_bytes_sent_per_s": "sum"},
	"network-packets":      {"net_packets_recv_per_s": "sum", "net_packets_sent_per_s": "sum"},
	"disk-bytes":           {"disk_read_bytes_per_s": "sum", "disk_write_bytes_per_s": "sum"},
	"performance-states":   {"cpu_user_pct": "mean", "cpu_system_pct": "mean", "cpu_iowait_pct": "mean", "cpu_steal_pct": "mean"},
	"performance-pressure": {"cpu_pressure_pct": "mean", "mem_pressure_pct": "mean", "io_pressure_pct": "mean"},
	"environments-cpu":     {"value": "mean"},
	"environments-memory":  {"value": "mean"},
}

// gauges are the panels that add up or average the newest readings of hosts, and medians those that show the median of a large fleet, all
// with the columns that this test compares.
var (
	gauges = map[string]map[string]string{
		"overview-fleet":  {"hosts": "count"},
		"overview-now":    {"cpu_pct": "mean", "ram_pct": "mean", "disk_busy_pct": "max", "net_recv": "sum", "net_sent": "sum"},
		"performance-now": {"cpu_pct": "mean", "ram_pct": "mean", "cpu_pressure_pct": "mean", "cpu_max": "max"},
	}
	medians = map[string][]string{
		"overview-cpu": {"value"}, "overview-memory": {"value"}, "overview-disk": {"value"}, "overview-pressure": {"value"},
		"overview-network": {"recv", "sent"}, "network-hosts": {"recv", "sent"},
	}
)

// combinesHosts matches the query of a panel that adds up or averages hosts in each bucket.
var combinesHosts = regexp.MustCompile(`template "(by_host|over_hosts|by_environment)"`)

// TestTotalsDoNotDependOnTheBucket checks that the mean of a panel's buckets is the true total or mean of the hosts, whatever their
// intervals and the range: also where a bucket is shorter than the interval of some or all hosts.
func TestTotalsDoNotDependOnTheBucket(t *testing.T) {
	for _, d := range panels.All() {
		for _, p := range d.Panels {
			if crosses := combinesHosts.MatchString(p.SQL); crosses != (acrossHosts[p.ID] != nil) {
				t.Errorf("%s: its query combines hosts in each bucket: %v; in this test: %v", p.ID, crosses, acrossHosts[p.ID] != nil)
			}
			if gauge := p.Kind == panels.Stat || p.Kind == panels.Gauge; gauge && !d.NoPage && gauges[p.ID] == nil {
				t.Errorf("%s: its gauges are not in this test", p.ID)
			}
			if p.Kind == panels.Fleet && medians[p.ID] == nil {
				t.Errorf("%s: its median is not in this test", p.ID)
			}
		}
	}
	for _, span := range []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour} {
		for _, intervals := range [][]int{{1}, {3}, {10}, {15}, {30}, {60}, {1, 3, 7, 30, 45, 60}} {
			const most = 15_000
			if each := int(span.Seconds()) / intervals[0]; each > most {
				continue // a bucket of such a range is much longer than such an interval
			}
			rng := rand.New(rand.NewPCG(uint64(span), uint64(len(intervals)*intervals[0])))
			r := panels.Range{To: start.Add(30*24*time.Hour + time.Duration(rng.IntN(60_000))*time.Millisecond)}
			r.From = r.To.Add(-span)
			var fleet []steady
			for written := 0; len(fleet) < 24 && (written < most/5 || len(fleet) < len(intervals)); {
				interval := time.Duration(intervals[len(fleet)%len(intervals)]) * time.Second
				fleet = append(fleet, steady{
					base: 10 + 40*rng.Float64(), phase: 2 * math.Pi * rng.Float64(), interval: interval,
					first: r.From.Add(-5 * time.Minute).Add(time.Duration(rng.Int64N(int64(interval)))),
				})
				written += int(span / interval)
			}
			t.Run(fmt.Sprintf("%v of samples every %v s", span, intervals), func(t *testing.T) { checkTotals(t, r, fleet) })
		}
	}
}

func checkTotals(t *testing.T, r panels.Range, fleet []steady) {
	var samples []record.Sample
	sum, highest, median := truth(fleet, r)
	newest := make([]float64, len(fleet))
	for n, host := range fleet {
		for at := host.first; at.Before(r.To); at = at.Add(host.interval) {
			newest[n] = host.value(at, r.To.Sub(r.From))
			v := record.Some(newest[n])
			samples = append(samples, record.Sample{
				TS: record.TS(at), SessionID: fmt.Sprint(n), Seq: int64(at.Sub(host.first) / host.interval), IntervalS: int32(host.interval.Seconds()),
				Hostname: fmt.Sprintf("host-%d", n), Env: "prod",
				CPUPct: v, RAMPct: v, DiskBusyPct: v, CPUUserPct: v, CPUSystemPct: v, CPUIOWaitPct: v, CPUStealPct: v, CPUPressurePct: v,
				MemPressurePct: v, IOPressurePct: v, NetBytesRecvPerS: v, NetBytesSentPerS: v, NetPacketsRecvPerS: v, NetPacketsSentPerS: v,
				DiskReadBytesPerS: v, DiskWriteBytesPerS: v,
			})
		}
	}
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	l := open(t, dir)
	now := map[string]float64{"count": float64(len(fleet)), "max": slices.Max(newest)}
	for _, v := range newest {
		now["sum"] += v
	}
	now["mean"] = now["sum"] / now["count"]
	want := map[string]float64{"sum": sum, "sum of two": 2 * sum, "mean": sum / float64(len(fleet)), "max": highest}
	p := panels.Params{Range: r, Bucket: panels.BucketFor(r, 300), Series: 12, Delay: 90 * time.Second}
	for id, columns := range acrossHosts {
		result := runPanel(t, l, id, p)
		for column, what := range columns {
			total, low, high := 0.0, math.Inf(1), 0.0
			for i := range result.Rows() {
				v, ok := at(t, result, column, i).(float64)
				if !ok {
					t.Fatalf("%s: bucket %d has no %s", id, i, column)
				}
				total, low, high = total+v, min(low, v), max(high, v)
			}
			got := total / float64(result.Rows())
			if math.Abs(got-want[what]) > .01*want[what] {
				t.Errorf("%s: the mean of the buckets of %s is %.1f, the true %s is %.1f", id, column, got, what, want[what])
			}
			if low < .9*want[what] || high > 1.1*want[what] {
				t.Errorf("%s: buckets of %s are from %.1f to %.1f, the true %s is %.1f", id, column, low, high, what, want[what])
			}
		}
	}
	for id, columns := range gauges {
		result := runPanel(t, l, id, p)
		for column, what := range columns {
			if got, _ := numberOf(at(t, result, column, 0)); math.Abs(got-now[what]) > .002*now[what] {
				t.Errorf("%s: %s is %.2f, the %s of the newest readings is %.2f", id, column, got, what, now[what])
			}
		}
	}
	if len(fleet) < 12 {
		return // one host more or less moves the median of few by much
	}
	p.Few = 1
	for id, columns := range medians {
		result := runPanel(t, l, id, p)
		for _, column := range columns {
			total, low, high, rows := 0.0, math.Inf(1), 0.0, 0
			for i := range result.Rows() {
				begin, width := at(t, result, "t", i).(float64), at(t, result, "interval_s", i).(float64)
				// A bucket that the range has a part of, or that is newer than the delay, may have three quarters of the hosts.
				if at(t, result, "host", i) == panels.Median && begin >= record.TS(r.From) && begin+width <= record.TS(r.To)-p.Delay.Seconds() {
					v := at(t, result, column, i).(float64)
					total, low, high, rows = total+v, min(low, v), max(high, v), rows+1
				}
			}
			// The mean of a host whose interval is as long as a bucket is of one moment in it.
			if got := total / float64(rows); math.Abs(got-median) > .02*median || low < .88*median || high > 1.12*median {
				t.Errorf("%s: the median of %s is %.2f on average, from %.2f to %.2f; the true one is %.2f", id, column, got, low, high, median)
			}
		}
	}
}

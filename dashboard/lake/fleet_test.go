package lake_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// quantileOf interpolates between the two values around a quantile.
func quantileOf(values []float64, q float64) float64 {
	slices.Sort(values)
	at := q * float64(len(values)-1)
	low := int(math.Floor(at))
	high := min(low+1, len(values)-1)
	return values[low] + (values[high]-values[low])*(at-float64(low))
}

// TestFleetsHaveAMedianAndABand compares the rows of a fleet of 30 hosts with what the samples say. Hosts send each minute, and the page
// asks for buckets of ten seconds: the band's buckets have to be as long as the interval, or each would have few of the hosts.
func TestFleetsHaveAMedianAndABand(t *testing.T) {
	end := start.Add(time.Hour)
	var samples []record.Sample
	for n := range 30 {
		for at := start.Add(time.Duration(n) * time.Second); at.Before(end); at = at.Add(time.Minute) {
			samples = append(samples, record.Sample{
				TS: record.TS(at), SessionID: fmt.Sprint(n), Seq: int64(at.Sub(start) / time.Second), IntervalS: 60, Hostname: fmt.Sprintf("node-%02d", n), NodeRole: "web", Env: "prod",
				CPUPct: record.Some(float64(n) + at.Sub(start).Minutes()/2), NetBytesRecvPerS: record.Some(float64(1000 * n)), NetBytesSentPerS: record.Some(float64(100 * n)),
			})
		}
	}
	dir := t.TempDir()
	laketest.Write(t, dir, samples)
	l := open(t, dir)
	p := panels.Params{Range: panels.Range{From: start, To: end}, Bucket: 10 * time.Second, Series: 12, Delay: 30 * time.Second, Picked: []string{"node-03", "no-such"}}
	r := runPanel(t, l, "overview-cpu", p)
	hosts, buckets := map[string]int{}, 0
	for i := range r.Rows() {
		host := at(t, r, "host", i).(string)
		hosts[host]++
		if host != panels.Median {
			continue
		}
		buckets++
		when := at(t, r, "t", i).(float64)
		var values []float64
		for _, s := range samples {
			if v, _ := s.CPUPct.Get(); s.TS >= when && s.TS < when+60 {
				values = append(values, v)
			}
		}
		if len(values) != 30 {
			t.Fatalf("the bucket at %v has %d hosts", when, len(values))
		}
		check(t, r, i, map[string]float64{"value": quantileOf(values, .5), "low": quantileOf(values, .05), "high": quantileOf(values, .95), "interval_s": 60, "hosts": 30})
	}
	want := []string{panels.Median, "node-03", "node-25", "node-26", "node-27", "node-28", "node-29"}
	if got := slices.Sorted(maps.Keys(hosts)); !slices.Equal(got, want) || buckets != 60 {
		t.Errorf("rows of %v with %d buckets of the fleet, want %v with 60", got, buckets, want)
	}
	r = runPanel(t, l, "overview-network", p)
	check(t, r, 0, map[string]float64{"recv": 14500, "recv_low": 1450, "recv_high": 27550, "sent": 1450, "sent_low": 145, "sent_high": 2755})

	// A heat map has the highest 40 hosts. Few hosts have lines and no band.
	r = runPanel(t, l, "performance-cpu", p)
	if rows := slices.Compact(slices.Clone(r.Data[r.Index("host")])); len(rows) != 30 {
		t.Errorf("the heat map has %d hosts", len(rows))
	}
	for _, few := range []int{29, 30} {
		p.Few, p.Picked = few, nil
		for _, id := range []string{"overview-cpu", "overview-network", "performance-cpu"} {
			r := runPanel(t, l, id, p)
			rows := slices.Compact(slices.Clone(r.Data[r.Index("host")]))
			fleet := slices.Contains(rows, any(panels.Median))
			if want := few == 29 && id != "performance-cpu"; fleet != want || few == 30 && len(rows) != 12 {
				t.Errorf("%s with lines for %d hosts: the fleet's median is there: %v; rows of %d hosts", id, few, fleet, len(rows))
			}
		}
	}
}

// TestNewestBucketsOfFleetsHaveMostHosts looks at the right end of a fleet's median. The samples of a third of the hosts, which are busy,
// arrive at once. Those of the idle ones are up to the delay late, or these hosts fell silent.
func TestNewestBucketsOfFleetsHaveMostHosts(t *testing.T) {
	const delay, idle, busy = 7 * time.Minute, 10.0, 90.0
	end := start.Add(time.Hour)
	for _, c := range []struct {
		name    string
		hosts   int
		missing func(n int) time.Duration // of the samples of the idle host n before the end of the range
		median  float64                   // in the newest bucket
		newest  time.Duration             // how long before the end of the range the newest bucket begins
	}{
		{"all have arrived", 30, func(int) time.Duration { return 0 }, idle, time.Minute},
		{"of some nothing has arrived for a while", 30, func(n int) time.Duration { return time.Duration(n-10) * delay / 20 }, idle, 5 * time.Minute},
		{"two hosts, and the samples of one have not arrived", 2, func(int) time.Duration { return 3 * time.Minute }, (idle + busy) / 2, 4 * time.Minute},
		{"two hosts, and one is silent", 2, func(int) time.Duration { return 20 * time.Minute }, busy, time.Minute},
		{"most fell silent within the delay", 30, func(int) time.Duration { return 6 * time.Minute }, idle, 7 * time.Minute},
		{"most fell silent before the delay", 30, func(int) time.Duration { return 9 * time.Minute }, busy, 8 * time.Minute},
		{"most fell silent long ago", 30, func(int) time.Duration { return 20 * time.Minute }, busy, time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			var samples []record.Sample
			for n := range c.hosts {
				value, last := busy, end
				if n >= max(c.hosts/3, 1) {
					value, last = idle, end.Add(-c.missing(n))
				}

				for at := start.Add(time.Duration(2*n) * time.Second); at.Before(last); at = at.Add(time.Minute) {
					samples = append(samples, record.Sample{
						TS: record.TS(at), SessionID: fmt.Sprint(n), Seq: int64(at.Sub(start) / time.Minute), IntervalS: 60, Hostname: fmt.Sprintf("node-%02d", n),
						CPUPct: record.Some(value), NetBytesRecvPerS: record.Some(value), NetBytesSentPerS: record.Some(value),
					})
				}
			}
			dir := t.TempDir()
			laketest.Write(t, dir, samples)
			l := open(t, dir)
			// The range begins two seconds before the end of a bucket.
			p := panels.Params{Range: panels.Range{From: start.Add(58 * time.Second), To: end}, Bucket: time.Minute, Series: 12, Few: 1, Delay: delay}
			for id, column := range map[string]string{"overview-cpu": "value", "network-hosts": "recv"} {
				r := runPanel(t, l, id, p)
				var times, values []float64
				for i := range r.Rows() {
					if at(t, r, "host", i) == panels.Median {
						times, values = append(times, at(t, r, "t", i).(float64)), append(values, at(t, r, column, i).(float64))
					}
				}
				newest := len(times) - 1
				if want := record.TS(end.Add(-c.newest)); times[newest] != want || values[newest] != c.median {
					t.Errorf("%s: the newest bucket is %v s before the end and has %v, want %v and %v", id, record.TS(end)-times[newest], values[newest], c.newest, c.median)
				}
				if first := record.TS(start.Add(time.Minute)); times[0] != first {
					t.Errorf("%s: the first bucket begins %v s after the first whole minute", id, times[0]-first)
				}
				all := (idle + busy) / 2
				if c.hosts > 2 {
					all = idle
				}
				changed := record.TS(end.Add(-c.missing(c.hosts - 1)))
				for i, v := range values {
					if times[i] < changed && v != all {
						t.Errorf("%s: the median is %v %v s before the end, want %v", id, v, record.TS(end)-times[i], all)
					}
				}
			}
		})
	}
}

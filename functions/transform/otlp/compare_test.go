package otlp_test

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform/otlp"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// The files in testdata are of one machine at one time. testdata/collector, a collector of the OpenTelemetry project, wrote
// collections.jsonl.gz; edge wrote edge.jsonl. `make otlp-check` runs both again.
func frozen(t *testing.T) (documents, lines string) {
	t.Helper()
	collections, err := os.ReadFile("testdata/collections.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	text, err := new(record.PackReader).AppendLines(nil, collections)
	if err != nil {
		t.Fatal(err)
	}
	edge, err := os.ReadFile("testdata/edge.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return string(text), string(edge)
}

// samplesOf returns the samples of all documents, one document a line.
func samplesOf(t *testing.T, documents string) (samples []record.Sample) {
	t.Helper()
	for line := range strings.Lines(documents) {
		list, absent, err := otlp.Samples([]byte(line))
		if err != nil || len(absent) > 0 || len(list) != 1 {
			t.Fatalf("%d samples of a collection, %v, %v", len(list), absent, err)
		}
		samples = append(samples, list...)
	}
	return samples
}

// numbers returns the numbers of a sample by column.
func numbers(t *testing.T, s record.Sample) map[string]float64 {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal(s.AppendJSON(nil), &all); err != nil {
		t.Fatal(err)
	}
	m := map[string]float64{}
	for name, v := range all {
		if f, ok := v.(float64); ok {
			m[name] = f
		}
	}
	return m
}

// slack is how much two correct collectors may differ, by unit. The two collectors do not read at one instant, and meanwhile
// programs take memory and start. The kernel counts CPU time in hundredths of a second, and edge rounds.
var slack = map[record.Unit]float64{
	record.Percent: 0.3, record.Load: 0.05, record.PerSecond: 0.1, record.BytesPerSecond: 10, record.Count: 5, record.Seconds: 2,
}

// compare checks that the means of each number over the same time are within one percent of edge's, or that the readings explain the
// difference. moves says whether a reading of memory, processes or disk space may differ by as much as it changes within an interval.
func compare(t *testing.T, samples []record.Sample, lines string, moves bool) {
	t.Helper()
	var edge []record.Sample
	for line := range strings.Lines(lines) {
		s, err := record.ParseSample([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		edge = append(edge, s)
	}
	// Only samples with rates count, and as many of both, so that the sums are over the same time.
	unrated := func(s record.Sample) bool { _, ok := s.DiskReadBytesPerS.Get(); return !ok }
	samples, edge = slices.DeleteFunc(samples, unrated), slices.DeleteFunc(edge, unrated)
	samples, edge = fromOneTime(samples, edge)
	n := min(len(samples), len(edge))
	if n < 5 {
		t.Fatalf("%d samples of the collector and %d of edge have rates, want at least 5", len(samples), len(edge))
	}
	samples, edge = samples[:n], edge[:n]
	ours, theirs, ends, steps := means(t, samples), means(t, edge), countsAtEnds(t, samples, edge), stepsOf(t, samples, edge)
	span := edge[n-1].TS - edge[0].TS + float64(edge[0].IntervalS)
	for _, c := range record.SampleColumns() {
		want, ok := theirs[c.Name]
		if _, isQuantity := c.Range(); !ok || !isQuantity || c.Name == "ts" {
			continue
		}
		got, have := ours[c.Name]
		if !have {
			if unmapped[c.Name] == "" && ifThere[c.Name] == "" {
				t.Errorf("%s: edge has %v, the collector nothing", c.Name, want)
			}
			continue
		}
		difference := math.Abs(got - want)
		least := slack[c.Unit]
		if c.Unit == record.Bytes { // of memory or of a disk
			least = slack[record.Percent] / 100 * theirs["ram_total_bytes"]
		}
		if c.Unit == record.BytesPerSecond || c.Unit == record.PerSecond || c.Name == "disk_busy_pct" || strings.HasPrefix(c.Name, "cpu_") {
			least = max(least, ends[c.Name]/span)
		} else if moves {
			least = max(least, steps[c.Name])
		}
		if c.Name == "procs" { // the collector counts threads that want a CPU in place of running processes
			least += theirs["load1"]
		}
		t.Logf("%-24s %16.3f edge %16.3f, %.2f %% apart; %.3f is explained", c.Name, got, want, 100*difference/max(math.Abs(want), 1e-9), least)
		if difference > 0.01*math.Abs(want) && difference > least {
			t.Errorf("%s is %v, edge has %v: more than one percent apart", c.Name, got, want)
		}
	}
}

// fromOneTime leaves out samples at the beginning of one list, until both begin as close to each other as they can.
func fromOneTime(a, b []record.Sample) (_, _ []record.Sample) {
	if len(a) == 0 || len(b) == 0 {
		return a, b
	}
	nearest := func(list []record.Sample, ts float64) []record.Sample {
		for len(list) > 1 && math.Abs(list[1].TS-ts) < math.Abs(list[0].TS-ts) {
			list = list[1:]
		}
		return list
	}
	if a[0].TS < b[0].TS {
		return nearest(a, b[0].TS), b
	}
	return a, nearest(b, a[0].TS)
}

// countsAtEnds returns, by column, by how much the counts of the two collectors may differ. The collectors do not read at the same instant:
// one of them begins and ends a moment before the other. Nothing says when within an interval something happened: a disk may write
// everything in that moment. So the counts may differ by all that a collector counted in the first and in the last interval. Of the two
// collectors, the one that counted more in the interval decides.
func countsAtEnds(t *testing.T, samples, edge []record.Sample) map[string]float64 {
	counts := map[string]float64{}
	for _, i := range []int{0, len(edge) - 1} {
		most := map[string]float64{}
		for _, s := range []record.Sample{samples[i], edge[i]} {
			for name, v := range numbers(t, s) {
				most[name] = max(most[name], v*float64(s.IntervalS))
			}
		}
		for name, v := range most {
			counts[name] += v
		}
	}
	return counts
}

// stepsOf returns, by column, how much a reading differs from the one before it, on average. Of the two collectors, the one whose readings
// change more decides. Both read within one interval, so their readings may differ by as much.
func stepsOf(t *testing.T, samples, edge []record.Sample) map[string]float64 {
	steps := map[string]float64{}
	for _, list := range [][]record.Sample{samples, edge} {
		sums := map[string]float64{}
		for i := range list[1:] {
			before := numbers(t, list[i])
			for name, v := range numbers(t, list[i+1]) {
				sums[name] += math.Abs(v-before[name]) / float64(len(list)-1)
			}
		}
		for name, v := range sums {
			steps[name] = max(steps[name], v)
		}
	}
	return steps
}

func means(t *testing.T, samples []record.Sample) map[string]float64 {
	sums, counts := map[string]float64{}, map[string]float64{}
	for _, s := range samples {
		for name, v := range numbers(t, s) {
			sums[name] += v
			counts[name]++
		}
	}
	for name := range sums {
		sums[name] /= counts[name]
	}
	return sums
}

func TestWithinOnePercentOfEdge(t *testing.T) {
	documents, lines := frozen(t)
	compare(t, samplesOf(t, documents), lines, false)
}

// unmapped are the columns that a sample of OTLP never has, with the reason.
var unmapped = map[string]string{
	"cpu_pressure_pct": "the receiver does not read pressure",
	"mem_pressure_pct": "the receiver does not read pressure",
	"io_pressure_pct":  "the receiver does not read pressure",
	"processes":        "metrics of processes are not read",
	"units":            "the receiver does not read cgroups",
	"sensors":          "the receiver does not read sensors",
}

// ifThere are the columns that the frozen collections lack, with the reason. TestNames and others have them.
var ifThere = map[string]string{
	"swap_pct": "the machine has no swap", "swap_used_bytes": "the machine has no swap",
	"os_v": "an attribute of the resource", "arch": "an attribute of the resource", "node_role": "an attribute of the resource",
	"cpu_core_max_pct": "the scraper was not told to give single cores",
	"env":              "an attribute of the resource", "machine_id": "an attribute of the resource", "tags": "attributes of the resource",
}

// TestEveryColumnIsFilledOrNamed: a column that is new in record has a mapping, or a reason.
func TestEveryColumnIsFilledOrNamed(t *testing.T) {
	documents, _ := frozen(t)
	samples := samplesOf(t, documents)
	var row map[string]any
	if err := json.Unmarshal(samples[len(samples)-1].AppendJSON(nil), &row); err != nil {
		t.Fatal(err)
	}
	for _, c := range record.SampleColumns() {
		_, filled := row[c.Name]
		if _, absent := unmapped[c.Name]; absent == filled && ifThere[c.Name] == "" {
			t.Errorf("%s: filled is %v, named as not mapped is %v", c.Name, filled, absent)
		}
	}
}

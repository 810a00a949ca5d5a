package record_test

import (
	"math"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// Each number of a sample except seq has a range, and the numbers of believable samples are within their ranges.
func TestRanges(t *testing.T) {
	columns := map[string]record.Column{}
	for _, c := range record.SampleColumns() {
		columns[c.Name] = c
		for _, c := range append(c.Fields, c) {
			if r, ok := c.Range(); ok != isQuantity(c) || ok && (r.Min >= r.Max || r.Contains(math.NaN())) {
				t.Errorf("column %s: range %v, %v", c.Name, r, ok)
			}
		}
	}
	lines := recordtest.Golden()
	host := recordtest.New(7)
	for i := range 1000 {
		lines = append(lines, host.Sample(time.UnixMilli(1770094800123).Add(time.Duration(i)*time.Second)))
	}
	for _, s := range lines {
		members, _, err := jsonscan.Members(nil, s.AppendJSON(nil))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range members {
			if r, ok := columns[string(m.Key)].Range(); ok {
				if v, err := jsonscan.ParseFloat(m.Value); err != nil || !r.Contains(v) {
					t.Errorf("%s %s is not within %v: %v", m.Key, m.Value, r, err)
				}
			}
		}
	}
}

// Sums of squares over many years of a large fleet stay finite.
func TestRangesKeepArithmeticFinite(t *testing.T) {
	const rows = 1e13 // 10,000 machines every 3 s for 10 years are 1e12
	for _, c := range record.SampleColumns() {
		if r, ok := c.Range(); ok && math.IsInf(rows*max(r.Max*r.Max, r.Min*r.Min)*rows, 0) {
			t.Errorf("column %s: squares of %v overflow", c.Name, r)
		}
	}
}

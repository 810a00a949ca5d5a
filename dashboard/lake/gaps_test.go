package lake_test

import (
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// What no host measures is NULL in the small charts, not 0.
func TestTrendOfWhatNobodyMeasuresIsNull(t *testing.T) {
	dir := t.TempDir()
	from := time.Date(2026, 2, 3, 4, 0, 0, 0, time.UTC)
	samples := laketest.Samples(2, from, from.Add(5*time.Minute), 3*time.Second)
	for i := range samples {
		samples[i].NetBytesRecvPerS, samples[i].NetBytesSentPerS = record.Float{}, record.Float{}
	}
	laketest.Write(t, dir, samples)
	l := open(t, dir)
	panel, _ := panels.Find("overview-trend")
	q, err := panels.Bind(panel, panels.Params{
		Range: panels.Range{From: from, To: from.Add(5 * time.Minute)}, Bucket: 15 * time.Second, Series: 12,
	}, l.Form(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Query(t.Context(), q)
	if err != nil || r.Rows() == 0 {
		t.Fatalf("%d rows, %v", r.Rows(), err)
	}
	for i, v := range r.Data[r.Index("net_total")] {
		if v != nil || r.Data[r.Index("cpu_pct")][i] == nil {
			t.Fatalf("row %d: the network is %v and CPU %v, want NULL and a number", i, v, r.Data[r.Index("cpu_pct")][i])
		}
	}
}

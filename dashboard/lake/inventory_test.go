package lake_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// The inventory says of each host when it was heard first and last in 30 days, from samples and from rollups. Two machines with one host
// name are one host there; rollups keep them apart, and in order of host, machine and time.
func TestInventory(t *testing.T) {
	dir := t.TempDir()
	noon := time.Date(2026, 2, 20, 12, 0, 0, 0, time.UTC)
	var samples []record.Sample
	beat := func(host, machine string, from, to time.Duration) {
		for at := noon.Add(from); !at.After(noon.Add(to)); at = at.Add(17 * time.Minute) {
			samples = append(samples, record.Sample{
				TS: record.TS(at), SessionID: host + machine, Seq: int64(len(samples)), IntervalS: 60, Hostname: host, MachineID: machine, CPUPct: record.Some(float64(len(machine))),
			})
		}
	}
	beat("gone", "m", -6*24*time.Hour, -4*24*time.Hour)
	beat("new", "m", -100*time.Minute, 0)
	beat("twice", "mm", -30*time.Hour, -time.Hour)
	beat("twice", "m", -25*time.Hour-30*time.Minute, -25*time.Hour-30*time.Minute)
	first, last := map[string]float64{}, map[string]float64{}
	for _, s := range samples {
		if at, ok := first[s.Hostname]; !ok || s.TS < at {
			first[s.Hostname] = s.TS
		}
		last[s.Hostname] = max(last[s.Hostname], s.TS)
	}
	laketest.Write(t, dir, samples)
	l := open(t, dir)
	p, _ := panels.Find(panels.InventoryID)
	params := panels.Params{Range: panels.Range{From: noon.Add(-time.Hour), To: noon.Add(time.Minute)}, Bucket: time.Minute, Series: 12, Delay: time.Minute}
	check := func(of string) {
		t.Helper()
		q, err := panels.Bind(p, params, l.Form(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		r, err := l.Query(t.Context(), q)
		if err != nil || r.Rows() != len(first) {
			t.Fatalf("%s: %d hosts, want %d (%v)", of, r.Rows(), len(first), err)
		}
		for i := range r.Rows() {
			host, _ := r.Data[0][i].(string)
			if r.Data[3][i] != first[host] || r.Data[4][i] != last[host] {
				t.Errorf("%s: %s was heard from %v to %v, want %v to %v", of, host, r.Data[3][i], r.Data[4][i], first[host], last[host])
			}
		}
	}
	check("samples")
	rollUp(t, dir, noon.Add(30*time.Minute))
	check("rollups")

	for _, of := range panels.Rollups() {
		const key = "lpad(CAST(t AS VARCHAR), 12, '0')"
		rows := query(t, l, "SELECT machine_id, sum(samples), min(cpu_pct), max(cpu_pct) FROM "+of.Table()+" WHERE hostname = 'twice' AND t < "+
			fmt.Sprint(noon.Add(-12*time.Hour).Unix())+" GROUP BY 1 ORDER BY 1")
		if got := fmt.Sprint(rows.Data); rows.Rows() != 2 || fmt.Sprint(rows.Data[0]) != "[m mm]" || fmt.Sprint(rows.Data[2]) != "[1 2]" || fmt.Sprint(rows.Data[3]) != "[1 2]" {
			t.Errorf("%s of two machines with one name: %s", of.Table(), got)
		}
		text := of.Query(panels.DuckDB(), noon.Add(-26*time.Hour))
		sorted := query(t, l, "SELECT list(hostname || ' ' || machine_id || ' ' || "+key+") = list_sort(list(hostname || ' ' || machine_id || ' ' || "+key+")), count(*) FROM ("+text+")")
		if sorted.Data[0][0] != true || fmt.Sprint(sorted.Data[1][0]) == "0" {
			t.Errorf("the rows of %s are not in order: %v", of.Table(), sorted.Data)
		}
	}
}

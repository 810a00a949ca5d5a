package output_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/output"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// A table of a panel's rows has times with their zone, amounts with their units, and the names of hours and weekdays.
func TestPeople(t *testing.T) {
	at := float64(time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC).Unix())
	panel := panels.Panel{Kind: panels.Table, By: panels.ByHost, Values: []panels.Value{
		{Column: "last_ts", Unit: panels.Time},
		{Column: "rate", Unit: panels.BytesPerSecond, High: "peak"},
		{Column: "samples", Unit: panels.Count},
		{Column: "v", Unit: panels.OfRow, UnitColumn: "unit"},
		{Column: "m", Unit: panels.OfMetric},
	}}
	columns := []panels.Column{}
	row := []any{}
	for _, c := range []struct {
		name string
		v    any
	}{
		{"host", "web-01"},
		{"last_ts", at},
		{"rate", 1.5e6},
		{"peak", 2e9},
		{"samples", int64(28800)},
		{"v", 93.21},
		{"unit", "percent"},
		{"m", 1234567.0},
		{"weekday", int64(0)},
		{"hour", int64(7)},
		{"day", at},
		{"gone", nil},
	} {
		columns, row = append(columns, panels.Column{Name: c.name, Type: "VARCHAR"}), append(row, c.v)
	}
	var b bytes.Buffer
	out := output.People(&b, panel, panels.Params{Offset: time.Hour, Metric: "net_bytes_recv_per_s"})
	for _, err := range []error{out.Begin(columns), out.Row(row), out.End()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	const want = "host    last_ts (UTC+01:00)  rate      peak    samples  v       unit     m          weekday  hour   day             gone\n" +
		"----    -------------------  ----      ----    -------  -       ----     -          -------  ----   ---             ----\n" +
		"web-01  2026-02-03 05:05:06  1.5 MB/s  2 GB/s  28,800   93.2 %  percent  1.23 MB/s  Mon      07:00  Tue 2026-02-03  –\n"
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

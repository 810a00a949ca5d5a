// Unix only: it asks getrusage.

//go:build unix

package convert_test

import (
	"bytes"
	"syscall"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/convert"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// BenchmarkConvert measures the CPU time of rows with details once a minute, of rows without them, and of rows in a table without the
// columns of details. A busy machine hardly changes these figures.
func BenchmarkConvert(b *testing.B) {
	b.Run("details", func(b *testing.B) { benchmarkConvert(b, true, true) })
	b.Run("without details", func(b *testing.B) { benchmarkConvert(b, false, true) })
	b.Run("without their columns", func(b *testing.B) { benchmarkConvert(b, false, false) })
}

func benchmarkConvert(b *testing.B, details, lists bool) {
	var tab spec.Table
	for _, c := range record.Columns() {
		if lists || !c.IsList() {
			tab.Columns = append(tab.Columns, spec.Column{Name: c.Name, Type: string(c.Type)})
		}
	}
	c, err := convert.New(tab)
	if err != nil {
		b.Fatal(err)
	}
	e := record.NewEnricher(time.Now())
	var records [][]byte
	const perRecord, n = 20, 500
	for i := range n {
		host := recordtest.New(uint64(i))
		var data []byte
		for j := range perRecord {
			s := host.Sample(time.UnixMilli(1770094830123).Add(time.Duration(j) * 3 * time.Second))
			if !details {
				s.Filesystems, s.Disks, s.Interfaces, s.Processes, s.Units, s.Sensors = nil, nil, nil, nil, nil, nil
			}
			line := s.AppendJSON(nil)
			data = append(data, line[:len(line)-1]...)
			data = append(e.AppendMembers(append(data, ','), s.TS, []byte("1770094830.123")), '}')
		}
		records = append(records, data)
	}
	b.ReportAllocs()
	columns := c.NewColumns()
	size := 0
	before := cpuTime(b)
	for b.Loop() {
		var file bytes.Buffer
		w := c.NewWriter(&file)
		for i, r := range records {
			if err := columns.Add(r); err != nil {
				b.Fatal(err)
			}
			if i%5 == 4 { // as many rows as delivery converts at a time
				if err := w.Write(columns); err != nil {
					b.Fatal(err)
				}
				columns.Reset()
			}
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		size = file.Len()
	}
	rows := float64(b.N * n * perRecord)
	b.ReportMetric(float64(cpuTime(b)-before)/rows, "cpu-ns/row")
	b.ReportMetric(rows/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(size)/(n*perRecord), "B/row")
}

// cpuTime returns the CPU time of this process.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Package laketest writes lakes of Parquet files for tests: the samples of seeded machines, in the layout and with the
// columns that the pipeline delivers. It is for tests only and is not how the project writes Parquet.
package laketest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// TB is what a test gives to the functions here; *testing.T and *testing.B are ones.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Prefix is where the table lies below the directory of a lake.
var Prefix = filepath.Join("metricsdashboard-lake", "analytics")

// Samples returns the samples of so many machines from from on, not including to, oldest first.
func Samples(hosts int, from, to time.Time, interval time.Duration) []record.Sample {
	var samples []record.Sample
	for seed := range hosts {
		h := recordtest.New(uint64(seed) + 1)
		for t := from; t.Before(to); t = t.Add(interval) {
			s := h.Sample(t)
			s.Hostname = fmt.Sprintf("%s-%02d", s.NodeRole, seed+1)
			s.IntervalS = int32(interval.Seconds())
			samples = append(samples, s)
		}
	}
	slices.SortStableFunc(samples, func(a, b record.Sample) int { return int(record.Millis(a.TS) - record.Millis(b.TS)) })
	return samples
}

// Write writes the samples below dir, one file for each hour, and returns the files' paths. Columns named in without are
// left out of the files, as in those of an older release.
func Write(t TB, dir string, samples []record.Sample, without ...string) []string {
	t.Helper()
	hours := map[record.Hour][]record.Sample{}
	var order []record.Hour
	for _, s := range samples {
		h := record.HourOf(s.TS)
		if _, ok := hours[h]; !ok {
			order = append(order, h)
		}
		hours[h] = append(hours[h], s)
	}
	var paths []string
	for _, h := range order {
		p := h.Partition()
		hour := filepath.Join(dir, Prefix, "year="+p.Year, "month="+p.Month, "day="+p.Day, "hour="+p.Hour)
		if err := os.MkdirAll(hour, 0o755); err != nil {
			t.Fatalf("%v", err)
		}
		entries, err := os.ReadDir(hour)
		if err != nil {
			t.Fatalf("%v", err)
		}
		path := filepath.Join(hour, fmt.Sprintf("stream-1-%d.parquet", len(entries)))
		WriteFile(t, path, hours[h], without...)
		paths = append(paths, path)
	}
	return paths
}

// WriteFile writes one Parquet file.
func WriteFile(t TB, path string, samples []record.Sample, without ...string) {
	t.Helper()
	row := rowType(without)
	file, err := os.Create(path)
	if err != nil {
		t.Fatalf("%v", err)
	}
	w := parquet.NewWriter(file, parquet.SchemaOf(reflect.New(row).Interface()), parquet.Compression(&parquet.Snappy))
	for _, s := range samples {
		if err := w.Write(rowOf(t, row, s)); err != nil {
			t.Fatalf("write %s: %v", path, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatalf("write %s: %v", path, err)
	}
	if err := file.Close(); err != nil {
		t.Fatalf("write %s: %v", path, err)
	}
}

// rowType is a struct with a field for each column of the contract, all optional.
func rowType(without []string) reflect.Type {
	types := map[record.Type]reflect.Type{
		record.Double:    reflect.TypeFor[*float64](),
		record.String:    reflect.TypeFor[*string](),
		record.BigInt:    reflect.TypeFor[*int64](),
		record.Integer:   reflect.TypeFor[*int32](),
		record.Timestamp: reflect.TypeFor[*time.Time](),
		record.StringMap: reflect.TypeFor[map[string]string](),
	}
	var fields []reflect.StructField
	for _, c := range record.Columns() {
		if slices.Contains(without, c.Name) {
			continue
		}
		tag := c.Name + ",optional"
		if c.Type == record.Timestamp {
			tag += ",timestamp(millisecond)"
		}
		fields = append(fields, reflect.StructField{
			Name: "F_" + c.Name,
			Type: types[c.Type],
			Tag:  reflect.StructTag(fmt.Sprintf(`parquet:%q json:%q`, tag, c.Name)),
		})
	}
	return reflect.StructOf(fields)
}

// rowOf fills a row from the sample's line on the wire and from its enrichment.
func rowOf(t TB, row reflect.Type, s record.Sample) any {
	t.Helper()
	line := s.AppendJSON(nil)
	line = append(line[:len(line)-1], ',')
	line = record.NewEnricher(time.UnixMilli(record.Millis(s.TS)).Add(time.Minute)).
		AppendMembers(line, s.TS, []byte(fmt.Sprintf("%.3f", s.TS)))
	line = append(line, '}')
	v := reflect.New(row).Interface()
	if err := json.Unmarshal(line, v); err != nil {
		t.Fatalf("row of %s: %v", line, err)
	}
	return v
}

package lake_test

import (
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
)

// hiveFile is a file as Hive's own writer makes it, which Firehose's conversion is built on: timestamps as INT96, and the
// entries of a map in a group "map" that is annotated MAP_KEY_VALUE (parquet-mr, ConversionPatterns.mapType), without page
// indexes and without the newer logical types.
const hiveFile = "testdata/hive-int96-map.parquet"

var update = flag.Bool("update", false, "write "+hiveFile+" again")

// A lake may hold files that the deployed stack wrote and files that the local stack wrote.
func TestHiveFile(t *testing.T) {
	if *update {
		if err := os.WriteFile(hiveFile, makeHiveFile(t), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(hiveFile)
	if err != nil {
		t.Fatal(err)
	}
	p, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var layout []string
	for _, e := range p.Metadata().Schema {
		layout = append(layout, e.Name)
		if e.Name == "map" && (!e.ConvertedType.Valid || e.ConvertedType.V != deprecated.MapKeyValue) || e.LogicalType.Value != nil {
			t.Errorf("%s is annotated by %v, %v", e.Name, e.ConvertedType, e.LogicalType)
		}
		if e.Name == "event_time" && e.Type.V != format.Int96 {
			t.Errorf("event_time is %v", e.Type.V)
		}
	}
	if want := "[samples ts session_id seq hostname tags map key value cpu_pct event_time]"; want != fmt.Sprint(layout) {
		t.Errorf("layout %v, want %s", layout, want)
	}

	dir := t.TempDir()
	laketest.Write(t, dir, laketest.Samples(1, start, start.Add(time.Minute), 3*time.Second))
	hour := filepath.Join(dir, laketest.Prefix, "year=2026", "month=02", "day=28", "hour=22")
	if err := os.WriteFile(filepath.Join(hour, "hive.parquet"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	l := open(t, dir)
	const want = "3 2026-02-28 22:00:00.25 2026-02-28 22:00:02.25 core db 1 1"
	if got := one(t, l, `SELECT count(*), CAST(min(event_time) AS VARCHAR), CAST(max(event_time) AS VARCHAR), max(tags['team']),
		max(tags['role']), count(*) FILTER (tags IS NULL), count(*) FILTER (cardinality(tags) = 0)
		FROM samples WHERE session_id = 'hive'`); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := one(t, l, `SELECT count(*) FROM samples WHERE event_time > TIMESTAMP '2026-02-28 22:00:01' AND session_id = 'hive'`); got != "2" {
		t.Errorf("%s rows behind a time, want 2", got)
	}
	if got := one(t, l, `SELECT count(*) FROM samples`); got != "23" {
		t.Errorf("%s rows, want 23", got)
	}
}

// hiveRow is a row of the file.
type hiveRow struct {
	TS        *float64           `parquet:"ts,optional"`
	SessionID *string            `parquet:"session_id,optional"`
	Seq       *int64             `parquet:"seq,optional"`
	Hostname  *string            `parquet:"hostname,optional"`
	Tags      map[string]*string `parquet:"tags,optional"`
	CPUPct    *float64           `parquet:"cpu_pct,optional"`
	EventTime *deprecated.Int96  `parquet:"event_time,optional"`
}

// makeHiveFile writes a file as this project does, with a footer as Hive writes it.
func makeHiveFile(t *testing.T) []byte {
	t.Helper()
	session, host, core, db := "hive", "web-7", "core", "db"
	var rows []hiveRow
	for i, tags := range []map[string]*string{{"team": &core, "role": &db}, {}, nil} {
		at := start.Add(time.Duration(i)*time.Second + 250*time.Millisecond)
		ts, seq, cpu := float64(at.UnixMilli())/1000, int64(i), 12.5
		nanos := at.Sub(start.Truncate(24 * time.Hour)).Nanoseconds()
		const julianEpoch = 2440588
		days := start.Unix()/86400 + julianEpoch
		rows = append(rows, hiveRow{&ts, &session, &seq, &host, tags, &cpu, &deprecated.Int96{uint32(nanos), uint32(nanos >> 32), uint32(days)}})
	}
	var out bytes.Buffer
	w := parquet.NewGenericWriter[hiveRow](&out, parquet.SchemaOf(hiveRow{}), parquet.DataPageVersion(1), parquet.Compression(&parquet.Snappy))
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file := out.Bytes()
	const tail = 8 // length of the footer, magic bytes
	size := int(binary.LittleEndian.Uint32(file[len(file)-tail:]))
	body := len(file) - tail - size
	var footer format.FileMetaData
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), file[body:body+size], &footer); err != nil {
		t.Fatal(err)
	}
	asHive(&footer)
	encoded, err := thrift.Marshal(new(thrift.CompactProtocol), footer)
	if err != nil {
		t.Fatal(err)
	}
	file = append(file[:body:body], encoded...)
	file = binary.LittleEndian.AppendUint32(file, uint32(len(encoded)))
	return append(file, "PAR1"...)
}

func asHive(footer *format.FileMetaData) {
	footer.CreatedBy = "parquet-mr version 1.8.1"
	footer.Schema[0].Name = "samples"
	for i := range footer.Schema {
		e := &footer.Schema[i]
		e.LogicalType = format.LogicalType{}
		if e.Name == "key_value" {
			e.Name = "map"
			e.ConvertedType = thrift.New(deprecated.MapKeyValue)
		}
	}
	for g := range footer.RowGroups {
		columns := footer.RowGroups[g].Columns
		for c := range columns {
			columns[c].ColumnIndexOffset, columns[c].ColumnIndexLength = 0, 0
			columns[c].OffsetIndexOffset, columns[c].OffsetIndexLength = 0, 0
			path := columns[c].MetaData.PathInSchema
			for i := range path {
				if path[i] == "key_value" {
					path[i] = "map"
				}
			}
		}
	}
}

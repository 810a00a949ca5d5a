package laketest

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// table writes samples as one Parquet file. It gives parquet-go the values of a column at once, because a fleet has millions of
// rows.
type table struct {
	file     *os.File
	out      *parquet.GenericWriter[any]
	columns  []column
	leafs    [][]parquet.Value // rows that are not in the file yet, by columns of the file
	rows     int               // in leafs
	sample   record.Sample     // the row that is written
	enriched record.Enrichment // of it
}

// column is one column of the contract.
type column struct {
	record.Column
	from any // pointer to its field in the table's sample or enriched
	leaf int // the first of its columns in the file
}

// pageRows is how many rows are given to parquet-go at once.
const pageRows = 1000

// create makes a file with the columns of the contract, except those named in without.
func create(path string, without []string) (*table, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	w := &table{file: file}
	var fields []reflect.StructField
	sample, enriched := reflect.ValueOf(&w.sample).Elem(), reflect.ValueOf(&w.enriched).Elem()
	leaf := 0
	for i, c := range record.Columns() {
		field := sample
		if i >= sample.NumField() {
			field, i = enriched, i-sample.NumField()
		}
		if slices.Contains(without, c.Name) {
			continue
		}
		fields = append(fields, reflect.StructField{Name: "F_" + c.Name, Type: types[c.Type], Tag: tagOf(c)})
		w.columns = append(w.columns, column{c, field.Field(i).Addr().Interface(), leaf})
		leaf++
		if c.Type == record.StringMap {
			leaf++ // keys and values
		}
	}
	w.leafs = make([][]parquet.Value, leaf)
	w.out = parquet.NewGenericWriter[any](file, parquet.SchemaOf(reflect.New(reflect.StructOf(fields)).Interface()),
		parquet.Compression(&parquet.Snappy), parquet.DataPageStatistics(false))
	return w, nil
}

var types = map[record.Type]reflect.Type{
	record.Double:    reflect.TypeFor[float64](),
	record.String:    reflect.TypeFor[string](),
	record.BigInt:    reflect.TypeFor[int64](),
	record.Integer:   reflect.TypeFor[int32](),
	record.Timestamp: reflect.TypeFor[time.Time](),
	record.StringMap: reflect.TypeFor[map[string]string](),
}

func tagOf(c record.Column) reflect.StructTag {
	switch tag := c.Name + ",optional"; c.Type {
	case record.Timestamp:
		return reflect.StructTag(fmt.Sprintf(`parquet:%q`, tag+",timestamp(millisecond)"))
	case record.String:
		return reflect.StructTag(fmt.Sprintf(`parquet:%q`, tag+",dict"))
	default:
		return reflect.StructTag(fmt.Sprintf(`parquet:%q`, tag))
	}
}

// write adds a sample as it is in a delivered file: doubles rounded, enriched a minute after it was taken.
func (w *table) write(s *record.Sample) error {
	if w.enriched.EventTime.IsZero() || s.TS != w.enriched.EpochTimestamp {
		w.enriched = record.Enrich(s.TS, time.UnixMilli(record.Millis(s.TS)).Add(time.Minute))
	}
	w.sample = *s
	for i := range w.columns {
		w.append(&w.columns[i])
	}
	if w.rows++; w.rows < pageRows {
		return nil
	}
	return w.flush()
}

// append adds the row's value of a column, or NULL if it is absent.
func (w *table) append(c *column) {
	var v parquet.Value
	present := true
	switch p := c.from.(type) {
	case *map[string]string:
		w.appendMap(c, *p)
		return
	case *string:
		v, present = parquet.ValueOf(*p), *p != ""
	case *float64:
		v = parquet.DoubleValue(c.Unit.Round(*p))
	case *record.Float:
		var f float64
		f, present = p.Get()
		present = present && !math.IsNaN(f) && !math.IsInf(f, 0)
		v = parquet.DoubleValue(c.Unit.Round(f))
	case *int32:
		v = parquet.Int32Value(*p)
	case *record.Int:
		var n int32
		n, present = p.Get()
		v = parquet.Int32Value(n)
	case *int64:
		v = parquet.Int64Value(*p)
	case *record.Long:
		var n int64
		n, present = p.Get()
		v = parquet.Int64Value(n)
	case *time.Time:
		v = parquet.Int64Value(p.UnixMilli())
	default:
		panic(fmt.Sprintf("laketest: column %s has a type that is not known here: %T", c.Name, p))
	}
	if present {
		v = v.Level(0, 1, c.leaf)
	} else {
		v = parquet.NullValue().Level(0, 0, c.leaf)
	}
	w.leafs[c.leaf] = append(w.leafs[c.leaf], v)
}

func (w *table) appendMap(c *column, m map[string]string) {
	add := func(leaf int, v parquet.Value) { w.leafs[leaf] = append(w.leafs[leaf], v) }
	if len(m) == 0 {
		add(c.leaf, parquet.NullValue().Level(0, 0, c.leaf))
		add(c.leaf+1, parquet.NullValue().Level(0, 0, c.leaf+1))
	}
	for i, key := range slices.Sorted(maps.Keys(m)) {
		add(c.leaf, parquet.ValueOf(key).Level(min(i, 1), 2, c.leaf))
		add(c.leaf+1, parquet.ValueOf(m[key]).Level(min(i, 1), 2, c.leaf+1))
	}
}

func (w *table) flush() error {
	for i, out := range w.out.ColumnWriters() {
		if _, err := out.WriteRowValues(w.leafs[i]); err != nil {
			return fmt.Errorf("write column %d: %w", i, err)
		}
		w.leafs[i] = w.leafs[i][:0]
	}
	w.rows = 0
	return nil
}

// close finishes the file.
func (w *table) close() error {
	if err := errors.Join(w.flush(), w.out.Close(), w.file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", w.file.Name(), err)
	}
	return nil
}

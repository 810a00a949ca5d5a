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

// leafs is how many columns of a file a column of the contract has.
func leafs(c record.Column) int {
	switch {
	case c.Type == record.StringMap:
		return 2 // keys and values
	case c.IsList():
		return len(c.Fields)
	}
	return 1
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
		fields = append(fields, fieldOf(c))
		w.columns = append(w.columns, column{c, field.Field(i).Addr().Interface(), leaf})
		leaf += leafs(c)
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

// fieldOf is the struct field from which parquet-go makes a column.
func fieldOf(c record.Column) reflect.StructField {
	f := reflect.StructField{Name: "F_" + c.Name, Type: types[c.Type]}
	tag := c.Name + ",optional"
	switch {
	case c.IsList():
		elements := make([]reflect.StructField, len(c.Fields))
		for i, field := range c.Fields {
			elements[i] = fieldOf(field)
		}
		f.Type = reflect.SliceOf(reflect.StructOf(elements))
		tag += ",list"
	case c.Type == record.Timestamp:
		tag += ",timestamp(millisecond)"
	case c.Type == record.String:
		tag += ",dict"
	}
	f.Tag = reflect.StructTag(fmt.Sprintf(`parquet:%q`, tag))
	return f
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
	if m, ok := c.from.(*map[string]string); ok {
		w.appendMap(c, *m)
		return
	}
	if c.IsList() {
		w.appendList(c, reflect.ValueOf(c.from).Elem())
		return
	}
	v, present := valueOf(c.Column, c.from)
	if present {
		v = v.Level(0, 1, c.leaf)
	} else {
		v = parquet.NullValue().Level(0, 0, c.leaf)
	}
	w.leafs[c.leaf] = append(w.leafs[c.leaf], v)
}

// valueOf is the value of a column that from points to.
func valueOf(c record.Column, from any) (v parquet.Value, present bool) {
	switch p := from.(type) {
	case *string:
		return parquet.ValueOf(*p), *p != ""
	case *float64:
		return parquet.DoubleValue(c.Unit.Round(*p)), true
	case *record.Float:
		f, present := p.Get()
		return parquet.DoubleValue(c.Unit.Round(f)), present && !math.IsNaN(f) && !math.IsInf(f, 0)
	case *int32:
		return parquet.Int32Value(*p), true
	case *record.Int:
		n, present := p.Get()
		return parquet.Int32Value(n), present
	case *int64:
		return parquet.Int64Value(*p), true
	case *record.Long:
		n, present := p.Get()
		return parquet.Int64Value(n), present
	case *time.Time:
		return parquet.Int64Value(p.UnixMilli()), true
	}
	panic(fmt.Sprintf("laketest: column %s has a type that is not known here: %T", c.Name, from))
}

// appendList adds the elements of a list. An element itself cannot be NULL, so that its fields are defined at the level after that of
// a list with elements.
func (w *table) appendList(c *column, list reflect.Value) {
	const element, value = 2, 3
	for i, field := range c.Fields {
		leaf := c.leaf + i
		if list.Len() == 0 {
			w.leafs[leaf] = append(w.leafs[leaf], parquet.NullValue().Level(0, 0, leaf))
		}
		for j := range list.Len() {
			v, present := valueOf(field, list.Index(j).Field(i).Addr().Interface())
			if present {
				v = v.Level(min(j, 1), value, leaf)
			} else {
				v = parquet.NullValue().Level(min(j, 1), element, leaf)
			}
			w.leafs[leaf] = append(w.leafs[leaf], v)
		}
	}
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

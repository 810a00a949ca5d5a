// Package convert turns JSON documents into Parquet by a Glue table's columns, as Firehose's record format conversion does
// with the OpenX JSON SerDe: names in lower case, unknown keys passed over, missing ones NULL, strings that hold numbers
// taken as numbers, everything else of a wrong type refused.
//
// It is not a general JSON to Parquet converter: it knows the column types that a table of samples may have, and refuses
// others when it is made.
package convert

import (
	"fmt"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
)

// Converter converts documents by one table. It is safe for concurrent use.
type Converter struct {
	schema  *parquet.Schema
	columns []column
	names   []string // of columns
}

// column is one column of the table.
type column struct {
	columnType
	first int // of its leafs
}

// New returns a converter for a table. A type that it cannot convert is an error that names column and type.
func New(table spec.Table) (*Converter, error) {
	c := &Converter{}
	root := ordered{Group: parquet.Group{}}
	leaf := 0
	for _, col := range table.Columns {
		t, ok := types[col.Type]
		if !ok {
			return nil, fmt.Errorf("table %s.%s: column %s: type %q is not supported by local conversion", table.Database, table.Name, col.Name, col.Type)
		}
		if slices.Contains(c.names, col.Name) {
			return nil, fmt.Errorf("table %s.%s: column %s is there twice", table.Database, table.Name, col.Name)
		}
		c.columns = append(c.columns, column{columnType: t, first: leaf})
		c.names = append(c.names, col.Name)
		leaf += t.leafs
		root.Group[col.Name] = parquet.Optional(t.node())
	}
	if leaf == 0 {
		return nil, fmt.Errorf("table %s.%s has no columns", table.Database, table.Name)
	}
	root.names = c.names
	c.schema = parquet.NewSchema("samples", root)
	return c, nil
}

// leafs is the number of columns of the file.
func (c *Converter) leafs() int {
	last := c.columns[len(c.columns)-1]
	return last.first + last.leafs
}

// columnType is a Hive type: its Parquet form and how it is read. Strings are dictionary-encoded, as most repeat.
type columnType struct {
	node      func() parquet.Node
	newReader func() valueReader // of one Columns: some readers remember the last value
	leafs     int                // columns of the file: 2 for a map, else 1
}

var types = map[string]columnType{
	"string":             {text, stateless(readString), 1},
	"boolean":            {func() parquet.Node { return parquet.Leaf(parquet.BooleanType) }, stateless(readBool), 1},
	"int":                {func() parquet.Node { return parquet.Int(32) }, stateless(readInt), 1},
	"bigint":             {func() parquet.Node { return parquet.Int(64) }, stateless(readBigInt), 1},
	"double":             {func() parquet.Node { return parquet.Leaf(parquet.DoubleType) }, stateless(readDouble), 1},
	"timestamp":          {func() parquet.Node { return parquet.Leaf(parquet.Int96Type) }, timestamps, 1},
	"map<string,string>": {func() parquet.Node { return parquet.Map(text(), parquet.Optional(text())) }, maps, 2},
}

func stateless(r valueReader) func() valueReader { return func() valueReader { return r } }

func text() parquet.Node { return parquet.Encoded(parquet.String(), &parquet.RLEDictionary) }

// ordered is a group whose fields keep the table's order; parquet.Group sorts them by name.
type ordered struct {
	parquet.Group
	names []string
}

// Fields returns the fields in the table's order.
func (o ordered) Fields() []parquet.Field {
	byName := map[string]parquet.Field{}
	for _, f := range o.Group.Fields() {
		byName[f.Name()] = f
	}
	fields := make([]parquet.Field, len(o.names))
	for i, name := range o.names {
		fields[i] = byName[name]
	}
	return fields
}

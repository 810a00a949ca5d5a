// Package convert turns JSON documents into Parquet by the columns of a Glue table, as Firehose's record format conversion does with the
// OpenX JSON SerDe. It compares keys in lower case and ignores unknown ones. A missing key becomes NULL. A string that holds a number is
// accepted as a number, and a column of strings accepts any value as text. A value that the column cannot hold fails its record.
// testdata/values.tsv lists all rules.
//
// It is not a general converter from JSON to Parquet: [New] accepts only the column types that a table of samples may have.
package convert

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
)

// Converter converts documents by the columns of one table. It is safe for concurrent use.
type Converter struct {
	schema  *parquet.Schema
	columns []column
	names   []string // of the columns
}

// column is one column of the table.
type column struct {
	columnType
	first int // place of its first leaf in the file
}

// New returns a converter for a table. If it cannot convert a column, the error names the column and its type.
func New(table spec.Table) (*Converter, error) {
	c := &Converter{}
	root := parquet.Group{}
	leaf := 0
	for _, col := range table.Columns {
		t, ok := typeOf(col.Type)
		if !ok {
			return nil, fmt.Errorf("table %s.%s: column %s: the local stack does not convert the type %q; it converts %s, structs of these in "+
				"an array (array<struct<name:type,...>>), and map<string,string>", table.Database, table.Name, col.Name, col.Type,
				strings.Join(slices.Sorted(maps.Keys(scalars)), ", "))
		}
		if slices.Contains(c.names, col.Name) {
			return nil, fmt.Errorf("table %s.%s: two columns have the name %s", table.Database, table.Name, col.Name)
		}
		c.columns = append(c.columns, column{columnType: t, first: leaf})
		c.names = append(c.names, col.Name)
		leaf += t.leafs
		root[col.Name] = parquet.Optional(t.node())
	}
	if leaf == 0 {
		return nil, fmt.Errorf("table %s.%s has no columns; it needs at least one", table.Database, table.Name)
	}
	c.schema = parquet.NewSchema("samples", ordered{root, c.names})
	return c, nil
}

// leafs returns the number of columns of the file.
func (c *Converter) leafs() int {
	last := c.columns[len(c.columns)-1]
	return last.first + last.leafs
}

// columnType says how a Hive type is stored in Parquet and how its values are read. Its node has no repetition.
type columnType struct {
	node      func() parquet.Node
	newReader func() valueReader // makes a reader for one Columns: a reader of maps remembers the last map
	leafs     int                // columns in the file: 2 for a map, one for each field of a list's elements, else 1
}

// typeOf returns the column type of a Hive type, or false if a table of samples may not have that type.
func typeOf(hive string) (columnType, bool) {
	if s, ok := scalars[hive]; ok {
		return columnType{s.node, func() valueReader { return single(s.read) }, 1}, true
	}
	if hive == "map<string,string>" {
		return columnType{func() parquet.Node { return parquet.Map(text(), parquet.Optional(text())) }, newMapReader, 2}, true
	}
	fields, ok := elementFields(hive)
	if !ok {
		return columnType{}, false
	}
	return columnType{func() parquet.Node { return listNode(fields) }, func() valueReader { return newListReader(fields) }, len(fields)}, true
}

// scalar is a type of one value.
type scalar struct {
	node func() parquet.Node
	read scalarReader
}

// scalars are the types of one value. Strings are dictionary-encoded, because most of them repeat.
var scalars = map[string]scalar{
	"string":    {text, readString},
	"boolean":   {func() parquet.Node { return parquet.Leaf(parquet.BooleanType) }, readBool},
	"int":       {func() parquet.Node { return parquet.Int(32) }, readInt},
	"bigint":    {func() parquet.Node { return parquet.Int(64) }, readBigInt},
	"double":    {func() parquet.Node { return parquet.Leaf(parquet.DoubleType) }, readDouble},
	"timestamp": {func() parquet.Node { return parquet.Leaf(parquet.Int96Type) }, readTimestamp},
}

func text() parquet.Node { return parquet.Encoded(parquet.String(), &parquet.RLEDictionary) }

// ordered is a group whose fields keep the table's order. parquet.Group alone sorts them by name.
type ordered struct {
	parquet.Group
	names []string
}

// Fields returns the fields in the table's order.
func (o ordered) Fields() []parquet.Field {
	fields := o.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int { return slices.Index(o.names, a.Name()) - slices.Index(o.names, b.Name()) })
	return fields
}

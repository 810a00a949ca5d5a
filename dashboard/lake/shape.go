package lake

import (
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// shape is the names and types of a file's columns. DuckDB can read files of one shape together. All files of one shape share
// one value: a lake has many files and few shapes.
type shape struct {
	text    string
	columns map[string]parquet.Node // by name in lower case
}

func shapeOf(schema *parquet.Schema) *shape {
	s := &shape{columns: map[string]parquet.Node{}}
	var columns []string
	for _, field := range schema.Fields() {
		s.columns[strings.ToLower(field.Name())] = field
		columns = append(columns, field.Name()+" "+field.String())
	}
	slices.Sort(columns)
	s.text = strings.Join(columns, "\n")
	return s
}

func (s *shape) has(column string) bool { return s != nil && s.columns[column] != nil }

// fits reports whether DuckDB can cast the file's column to the type of c. It cannot cast a list of structs to a list of other
// structs if no field has the same name in both: the whole query would fail, and not only that cast.
func (s *shape) fits(c record.Column) bool {
	if !c.IsList() || !s.has(c.Name) {
		return s.has(c.Name)
	}
	element := elementOf(s.columns[c.Name])
	if element == nil || element.Leaf() {
		return true
	}
	return slices.ContainsFunc(element.Fields(), func(f parquet.Field) bool {
		return slices.ContainsFunc(c.Fields, func(own record.Column) bool { return strings.EqualFold(f.Name(), own.Name) })
	})
}

// elementOf returns the element of a list, or nil if the column is not a list. A list is a group with one repeated field. That field is
// the element itself if it is not a group, or has several fields, or has a name that old writers gave to elements. Otherwise it holds
// the element (https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#backward-compatibility-rules).
func elementOf(column parquet.Node) parquet.Node {
	if column.Leaf() || len(column.Fields()) != 1 || !column.Fields()[0].Repeated() {
		return nil
	}
	repeated := column.Fields()[0]
	if repeated.Leaf() || len(repeated.Fields()) != 1 || repeated.Name() == "array" || strings.HasSuffix(repeated.Name(), "_tuple") {
		return repeated
	}
	return repeated.Fields()[0]
}

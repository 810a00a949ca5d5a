package record

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Type is the type of a column. Glue, Athena and Hive use the same names.
type Type string

// The column types in use. A column of a list has a type such as array<struct<name:string,celsius:double>>.
const (
	Double    Type = "double"
	String    Type = "string"
	BigInt    Type = "bigint"
	Integer   Type = "int"
	Timestamp Type = "timestamp"
	StringMap Type = "map<string,string>"
)

// Unit is the unit of a column's numbers. The dashboard formats numbers by their unit.
type Unit string

// The units in use. A column that is not a quantity has [NoUnit].
const (
	NoUnit         Unit = ""
	Seconds        Unit = "s"
	Percent        Unit = "percent" // 0..100
	Bytes          Unit = "bytes"
	BytesPerSecond Unit = "bytes_per_s"
	PerSecond      Unit = "per_s"
	Count          Unit = "count"
	Load           Unit = "load"
	Milliseconds   Unit = "ms"
	BitsPerSecond  Unit = "bits_per_s"
	Celsius        Unit = "celsius"
	PercentOfCore  Unit = "percent_of_core" // 100 for each core
)

// decimals is how many decimal places a double of this unit keeps on the wire; known is false for a unit of whole numbers.
func (u Unit) decimals() (places int, known bool) {
	switch u {
	case Seconds:
		return 3, true
	case Percent, PercentOfCore, Load, Milliseconds:
		return 2, true
	case BytesPerSecond, PerSecond, Celsius:
		return 1, true
	case NoUnit, Bytes, BitsPerSecond, Count:
	}
	return 0, false
}

// Round rounds a double of the unit to the decimal places that it keeps on the wire.
func (u Unit) Round(v float64) float64 {
	places, _ := u.decimals()
	return round(v, places)
}

// Column is one column of the table, or one field of a list's elements.
type Column struct {
	Name    string
	Type    Type
	Unit    Unit
	Comment string
	// OTel is the name of the OpenTelemetry metric or resource attribute that says the same, or empty. Several columns may say parts
	// of one metric: then OTelAttribute is the metric's attribute of this part, such as cpu.mode=user. Units may differ:
	// https://opentelemetry.io/docs/specs/semconv/system/system-metrics/.
	OTel, OTelAttribute string
	// Fields are the fields of an element, in order, if the column is a list. Otherwise there are none.
	Fields []Column
}

// IsList reports whether the column is a list of elements, each with the same fields.
func (c Column) IsList() bool { return c.Fields != nil }

// SampleColumns are the columns that the collector fills, in order.
func SampleColumns() []Column { return columnsOf(sampleFields) }

// EnrichmentColumns are the columns that the transform adds, in order.
func EnrichmentColumns() []Column { return columnsOf(enrichmentFields) }

// Columns are all columns of a data file, in order: first those of the sample, then those of the enrichment. A data file does not
// contain the partition keys; see [PartitionKeys].
func Columns() []Column { return append(SampleColumns(), EnrichmentColumns()...) }

var (
	sampleFields     = fieldsOf(reflect.TypeFor[Sample]())
	enrichmentFields = fieldsOf(reflect.TypeFor[Enrichment]())
)

// field is a column and the struct field that holds it.
type field struct {
	Column
	index  int
	places int     // decimal places, for doubles
	key    string  // `"name":`, as it stands on the wire
	fields []field // of the elements of a list
}

func columnsOf(fields []field) []Column {
	columns := make([]Column, len(fields))
	for i, f := range fields {
		columns[i] = f.Column
	}
	return columns
}

// fieldsOf reads the definition of each column from a struct's tags. It panics if a field does not define a column. That is a
// mistake in this package, and every program that uses the package would fail at its start.
func fieldsOf(t reflect.Type) []field {
	types := map[reflect.Type]Type{
		reflect.TypeFor[float64]():           Double,
		reflect.TypeFor[Float]():             Double,
		reflect.TypeFor[string]():            String,
		reflect.TypeFor[int64]():             BigInt,
		reflect.TypeFor[Long]():              BigInt,
		reflect.TypeFor[int32]():             Integer,
		reflect.TypeFor[Int]():               Integer,
		reflect.TypeFor[time.Time]():         Timestamp,
		reflect.TypeFor[map[string]string](): StringMap,
	}
	fields := make([]field, t.NumField())
	for i := range fields {
		f := t.Field(i)
		c := Column{
			Name:    f.Tag.Get("column"),
			Type:    types[f.Type],
			Unit:    Unit(f.Tag.Get("unit")),
			Comment: f.Tag.Get("comment"),
		}
		otel, attribute, _ := strings.Cut(f.Tag.Get("otel"), "{")
		c.OTel, c.OTelAttribute = otel, strings.TrimSuffix(attribute, "}")
		var elements []field
		if f.Type.Kind() == reflect.Slice {
			elements = fieldsOf(f.Type.Elem())
			c.Fields = columnsOf(elements)
			c.Type = ListOf(c.Fields)
		}
		places, known := c.Unit.decimals()
		if c.Name == "" || c.Type == "" || c.Comment == "" || (c.Type == Double && !known) {
			panic(fmt.Sprintf("record: field %s.%s does not define a column", t.Name(), f.Name))
		}
		fields[i] = field{Column: c, index: i, places: places, key: `"` + c.Name + `":`, fields: elements}
	}
	return fields
}

// ListOf is the type of a list whose elements have the given fields.
func ListOf(fields []Column) Type {
	members := make([]string, len(fields))
	for i, f := range fields {
		members[i] = f.Name + ":" + string(f.Type)
	}
	return Type("array<struct<" + strings.Join(members, ",") + ">>")
}

package output

import (
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// parquetOutput writes one Parquet file, compressed by Snappy. All columns are optional. A column keeps its type if Parquet has
// that type. A nested value becomes JSON, any other value becomes text.
type parquetOutput struct {
	w        io.Writer
	writer   *parquet.GenericWriter[any]
	columns  []panels.Column
	nestings []nesting
	row      parquet.Row
}

// ordered is a group that keeps the order of the query's columns. A [parquet.Group] sorts them by name.
type ordered struct {
	parquet.Group
	names []string
}

func (o ordered) Fields() []parquet.Field {
	fields := o.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int { return slices.Index(o.names, a.Name()) - slices.Index(o.names, b.Name()) })
	return fields
}

func (p *parquetOutput) Begin(columns []panels.Column) error {
	p.columns, p.nestings = columns, nestingsOf(columns)
	root := ordered{Group: parquet.Group{}}
	for _, c := range columns {
		if _, ok := root.Group[c.Name]; ok {
			return fmt.Errorf("two columns are called %q, which Parquet does not allow: give one of them another name (AS …)", c.Name)
		}
		root.Group[c.Name] = parquet.Optional(nodeOf(c.Type))
		root.names = append(root.names, c.Name)
	}
	p.writer = parquet.NewGenericWriter[any](p.w, parquet.NewSchema("result", root), parquet.Compression(&parquet.Snappy))
	return nil
}

const (
	maxDigits = 38 // of a decimal in 16 bytes
	wideBytes = 16
)

// nodeOf is the Parquet type of a column of DuckDB or Athena.
func nodeOf(kind string) parquet.Node {
	switch name, _, _ := strings.Cut(strings.ToUpper(kind), "("); name {
	case "BOOLEAN":
		return parquet.Leaf(parquet.BooleanType)
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "INT":
		return parquet.Int(64)
	case "HUGEINT":
		return parquet.Decimal(0, maxDigits, parquet.FixedLenByteArrayType(wideBytes))
	case "FLOAT", "DOUBLE", "DECIMAL", "REAL":
		return parquet.Leaf(parquet.DoubleType)
	case "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS":
		return parquet.Timestamp(parquet.Microsecond)
	case "DATE":
		return parquet.Date()
	}
	return parquet.String()
}

func (p *parquetOutput) Row(values []any) error {
	p.row = p.row[:0]
	for i, v := range values {
		cell, err := cellOf(v, p.columns[i].Type, p.nestings[i])
		if err != nil {
			return fmt.Errorf("column %s: %w", p.columns[i].Name, err)
		}
		defined := 1
		if cell.IsNull() {
			defined = 0
		}
		p.row = append(p.row, cell.Level(0, defined, i))
	}
	_, err := p.writer.WriteRows([]parquet.Row{p.row})
	return err
}

func cellOf(v any, kind string, n nesting) (parquet.Value, error) {
	if v == nil {
		return parquet.NullValue(), nil
	}
	switch nodeOf(kind).Type().Kind() {
	case parquet.Boolean:
		if b, ok := v.(bool); ok {
			return parquet.BooleanValue(b), nil
		}
	case parquet.Int64:
		switch v := v.(type) {
		case int64:
			return parquet.Int64Value(v), nil
		case time.Time:
			return parquet.Int64Value(v.UnixMicro()), nil
		}
	case parquet.Int32: // a date, in days since 1970
		if t, ok := v.(time.Time); ok {
			return parquet.Int32Value(int32(t.Unix() / int64((24 * time.Hour).Seconds()))), nil
		}
	case parquet.Double:
		if f, ok := v.(float64); ok {
			return parquet.DoubleValue(f), nil
		}
	case parquet.FixedLenByteArray:
		if n, ok := v.(*big.Int); ok {
			return wide(n)
		}
	default:
		return parquet.ByteArrayValue([]byte(text(v, n, ""))), nil
	}
	return parquet.Value{}, fmt.Errorf("a %T in a column of type %s cannot be written", v, kind)
}

// wide is a number as a decimal of Parquet: big-endian two's complement in wideBytes bytes.
func wide(n *big.Int) (parquet.Value, error) {
	if limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(maxDigits), nil); n.CmpAbs(limit) >= 0 {
		return parquet.Value{}, fmt.Errorf("%v has more than %d digits", n, maxDigits)
	}
	if n.Sign() < 0 {
		n = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), 8*wideBytes))
	}
	return parquet.FixedLenByteArrayValue(n.FillBytes(make([]byte, wideBytes))), nil
}

func (p *parquetOutput) End() error { return p.writer.Close() }

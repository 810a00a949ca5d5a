package convert

import (
	"bytes"
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// valueReader reads a value, which is not null, into the column's leafs, beginning with leafs[0].
// The rules are those that the Firehose developer guide and probes of the service give for the OpenX JSON SerDe; where
// neither says anything, a value that is not clearly of the type is refused. A refused value is an error of [mismatch].
type valueReader func(leafs [][]parquet.Value, m jsonscan.Member) error

// mismatch says that a value is not of the column's type, in the words of Firehose.
func mismatch(value []byte) error {
	const most = 100
	if len(value) > most {
		value = value[:most]
	}
	return fmt.Errorf("Data does not match the schema. For input string: %q", value) //nolint:staticcheck // Firehose's words
}

// add appends the value of a column that is no map. The writer asks values for their levels only, not for their column.
func add(leaf *[]parquet.Value, v parquet.Value) {
	v.SetDefinitionLevel(1)
	*leaf = append(*leaf, v)
}

// number returns the text of a number, or of a string that should hold one.
func number(m jsonscan.Member) ([]byte, error) {
	switch m.Kind {
	case jsonscan.Number:
		return m.Value, nil
	case jsonscan.String:
		return bytes.TrimSpace(unquoted(m.Value)), nil
	}
	return nil, mismatch(m.Value)
}

func readDouble(leafs [][]parquet.Value, m jsonscan.Member) error {
	text, err := number(m)
	if err != nil {
		return err
	}
	v, err := jsonscan.ParseFloat(text)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return mismatch(m.Value)
	}
	add(&leafs[0], parquet.DoubleValue(v))
	return nil
}

func readInt(leafs [][]parquet.Value, m jsonscan.Member) error {
	v, err := integer(m, 32)
	if err != nil {
		return err
	}
	add(&leafs[0], parquet.Int32Value(int32(v)))
	return nil
}

func readBigInt(leafs [][]parquet.Value, m jsonscan.Member) error {
	v, err := integer(m, 64)
	if err != nil {
		return err
	}
	add(&leafs[0], parquet.Int64Value(v))
	return nil
}

func integer(m jsonscan.Member, bits int) (int64, error) {
	text, err := number(m)
	if err != nil {
		return 0, err
	}
	v, err := jsonscan.ParseInt(text, bits)
	if err != nil {
		return 0, mismatch(m.Value)
	}
	return v, nil
}

func readBool(leafs [][]parquet.Value, m jsonscan.Member) error {
	switch string(bytes.ToLower(bytes.Trim(m.Value, `"`))) {
	case "true":
		add(&leafs[0], parquet.BooleanValue(true))
	case "false":
		add(&leafs[0], parquet.BooleanValue(false))
	default:
		return mismatch(m.Value)
	}
	return nil
}

func readString(leafs [][]parquet.Value, m jsonscan.Member) error {
	add(&leafs[0], parquet.ByteArrayValue(textOf(m)))
	return nil
}

// textOf returns a value as text: a string's own, anything else as it stands in the JSON.
func textOf(m jsonscan.Member) []byte {
	if m.Kind != jsonscan.String {
		return m.Value
	}
	return unquoted(m.Value)
}

// unquoted returns the text of a JSON string, without a copy where it has no escapes.
func unquoted(value []byte) []byte {
	inner := value[1 : len(value)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	return jsonscan.AppendUnescaped(nil, inner)
}

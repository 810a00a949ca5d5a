package convert

import (
	"bytes"
	"fmt"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// valueReader reads a value into the column's leafs, beginning with leafs[0]. The value is not null. If the column cannot hold it, the
// error is that of [mismatch].
//
// The rules come from probes of Firehose. If there is no probe, they come from the source of the OpenX JSON SerDe, which Firehose names
// as its deserializer. testdata/values.tsv lists all rules, each with its source.
type valueReader func(leafs [][]parquet.Value, m jsonscan.Member) error

// scalarReader reads a value that is not null. ok is false if its type cannot hold it. The value does not have levels yet.
type scalarReader func(m jsonscan.Member) (v parquet.Value, ok bool)

// mismatch returns Firehose's error for a value that is not of the column's type. It shows a string without its quotes.
func mismatch(m jsonscan.Member) error {
	const most = 100
	text := m.Value
	if m.Kind == jsonscan.String {
		text = unquoted(m.Value)
	}
	return fmt.Errorf("Data does not match the schema. For input string: \"%.*s\"", most, text) //nolint:staticcheck // Firehose's words
}

// single returns the reader of a column with one value. The writer reads the levels of a value, but not its column number.
func single(read scalarReader) valueReader {
	return func(leafs [][]parquet.Value, m jsonscan.Member) error {
		v, ok := read(m)
		if !ok {
			return mismatch(m)
		}
		v.SetDefinitionLevel(1)
		leafs[0] = append(leafs[0], v)
		return nil
	}
}

// unquoted returns the text of a JSON string. It copies the text only if there are escapes.
func unquoted(value []byte) []byte {
	inner := value[1 : len(value)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	return jsonscan.AppendUnescaped(nil, inner)
}

// trimmed removes the characters around a text that Java's String.trim removes: white space and control characters of ASCII. It does
// not remove a no-break space.
func trimmed(text []byte) []byte {
	return bytes.TrimFunc(text, func(r rune) bool { return r <= ' ' })
}

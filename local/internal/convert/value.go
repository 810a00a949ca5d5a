package convert

import (
	"bytes"
	"fmt"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// valueReader reads a value, which is not null, into the column's leafs, beginning with leafs[0]. A value that the column
// cannot take is an error of [mismatch].
//
// The rules are those that probes of the service give, then those of the OpenX JSON SerDe's source, which the service names as
// its deserializer. testdata/values.tsv has them all, each with its source.
type valueReader func(leafs [][]parquet.Value, m jsonscan.Member) error

// mismatch says that a value is not of the column's type, in the words of Firehose. They show a string without its quotes.
func mismatch(m jsonscan.Member) error {
	const most = 100
	text := m.Value
	if m.Kind == jsonscan.String {
		text = unquoted(m.Value)
	}
	return fmt.Errorf("Data does not match the schema. For input string: \"%.*s\"", most, text) //nolint:staticcheck // Firehose's words
}

// add appends the value of a column that is no map. The writer asks values for their levels only, not for their column.
func add(leaf *[]parquet.Value, v parquet.Value) {
	v.SetDefinitionLevel(1)
	*leaf = append(*leaf, v)
}

// unquoted returns the text of a JSON string, without a copy if it has no escapes.
func unquoted(value []byte) []byte {
	inner := value[1 : len(value)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return inner
	}
	return jsonscan.AppendUnescaped(nil, inner)
}

// trimmed returns text without the characters that Java's String.trim removes: white space and control characters of ASCII.
// A no-break space is not among them.
func trimmed(text []byte) []byte {
	return bytes.TrimFunc(text, func(r rune) bool { return r <= ' ' })
}

package convert

import (
	"github.com/go-json-experiment/json/jsontext"
	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

func readString(m jsonscan.Member) (parquet.Value, bool) {
	return parquet.ByteArrayValue(textOf(m)), true
}

// textOf returns a value as text: the text of a string, a number or a boolean as written, an object or a list as compact JSON.
func textOf(m jsonscan.Member) []byte {
	switch m.Kind {
	case jsonscan.String:
		return unquoted(m.Value)
	case jsonscan.Object, jsonscan.Array:
		return appendCompact(nil, m)
	}
	return m.Value
}

// appendCompact appends a value as JSON without white space, with the keys of all objects in lower case. Firehose was seen to write
// it so. The syntax of the value was checked before.
func appendCompact(dst []byte, m jsonscan.Member) []byte {
	switch m.Kind {
	case jsonscan.String:
		return appendQuoted(dst, unquoted(m.Value))
	case jsonscan.Object, jsonscan.Array:
	default:
		return append(dst, m.Value...)
	}
	dst = append(dst, m.Value[0])
	for i, item := range jsonscan.Items(m.Value) {
		if i > 0 {
			dst = append(dst, ',')
		}
		if m.Kind == jsonscan.Object {
			dst = append(appendQuoted(dst, lowerKey(item.Key)), ':')
		}
		dst = appendCompact(dst, item)
	}
	return append(dst, m.Value[len(m.Value)-1])
}

// lowerKey returns the text of a key in lower case.
func lowerKey(key []byte) []byte { return jsonscan.Lower(jsonscan.AppendUnescaped(nil, key)) }

// appendQuoted appends text as a JSON string. It escapes only what JSON demands.
func appendQuoted(dst, text []byte) []byte {
	dst, _ = jsontext.AppendQuote(dst, text) // an error says that bytes that are not UTF-8 became U+FFFD, as in Java
	return dst
}

package convert

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// reader reads a value into the column's leafs, beginning with leafs[0].
// The rules are those that the Firehose developer guide and probes of the service give for the OpenX JSON SerDe; where
// neither says anything, a value that is not clearly of the type is refused. A refused value is errType.
type reader func(leafs [][]parquet.Value, m jsonscan.Member) error

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
func number(m jsonscan.Member) (string, error) {
	switch m.Kind {
	case jsonscan.Number:
		return view(m.Value), nil
	case jsonscan.String:
		return strings.TrimSpace(string(jsonscan.AppendUnquoted(nil, m.Value))), nil
	}
	return "", mismatch(m.Value)
}

// view returns bytes as a string without a copy. The strconv functions keep none of what they are given.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func readDouble(leafs [][]parquet.Value, m jsonscan.Member) error {
	s, err := number(m)
	if err != nil {
		return err
	}
	v, err := strconv.ParseFloat(s, 64)
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
	s, err := number(m)
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseInt(s, 10, bits)
	if err != nil {
		return 0, mismatch(m.Value)
	}
	return v, nil
}

func readBool(leafs [][]parquet.Value, m jsonscan.Member) error {
	switch strings.ToLower(strings.Trim(view(m.Value), `"`)) {
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
	add(&leafs[0], parquet.ByteArrayValue(text1(m)))
	return nil
}

// text1 returns a value as text: a string's own, anything else as it stands in the JSON.
func text1(m jsonscan.Member) []byte {
	if m.Kind != jsonscan.String {
		return m.Value
	}
	return unquoted(m.Value)
}

// unquoted returns the text of a JSON string, without a copy where it has no escapes.
func unquoted(value []byte) []byte {
	inner := value[1 : len(value)-1]
	if !escaped(inner) {
		return inner
	}
	return jsonscan.AppendUnescaped(nil, inner)
}

func escaped(b []byte) bool { return strings.IndexByte(view(b), '\\') >= 0 }

// readMap reads an object of scalars. Keys are lower-cased, as Firehose does it.
func readMap(leafs [][]parquet.Value, m jsonscan.Member) error {
	if m.Kind != jsonscan.Object {
		return mismatch(m.Value)
	}
	members, _, err := jsonscan.Members(make([]jsonscan.Member, 0, 8), m.Value)
	if err != nil {
		return err
	}
	if len(members) == 0 {
		for i := range leafs[:2] {
			add(&leafs[i], parquet.NullValue())
		}
		return nil
	}
	for i, kv := range members {
		repetition := min(i, 1)
		leafs[0] = append(leafs[0], parquet.ByteArrayValue(lowerKey(kv.Key)).Level(repetition, 2, 0))
		value := parquet.NullValue().Level(repetition, 2, 0)
		if kv.Kind != jsonscan.Null {
			value = parquet.ByteArrayValue(text1(kv)).Level(repetition, 3, 0)
		}
		leafs[1] = append(leafs[1], value)
	}
	return nil
}

// lowerKey returns the text of a key in small letters, without a copy where it is that already.
func lowerKey(key []byte) []byte {
	for _, c := range key {
		if c == '\\' || c >= 'A' && c <= 'Z' {
			return lower(jsonscan.AppendUnescaped(nil, key))
		}
	}
	return key
}

// lower makes ASCII letters small, in place.
func lower(b []byte) []byte {
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return b
}

// millisFrom is where a number stops being seconds and is milliseconds.
const millisFrom = 1e12

func readTimestamp(leafs [][]parquet.Value, m jsonscan.Member) error {
	ms, ok := timestamp(m)
	if !ok {
		return mismatch(m.Value)
	}
	add(&leafs[0], parquet.Int64Value(ms))
	return nil
}

// timestamp reads the forms that the OpenX SerDe takes: yyyy-MM-dd'T'HH:mm:ss[.S]'Z', yyyy-[M]M-[d]d HH:mm:ss[.S], and
// numbers, as such or as text: seconds, with a fraction or without, or milliseconds.
func timestamp(m jsonscan.Member) (ms int64, ok bool) {
	if m.Kind == jsonscan.String {
		s := view(unquoted(m.Value))
		for _, layout := range [...]string{"2006-01-02T15:04:05Z", "2006-1-2 15:04:05"} {
			if t, err := time.Parse(layout, s); err == nil { // a fraction is taken without being in the layout
				return t.UnixMilli(), true
			}
		}
	}
	s, err := number(m)
	if err != nil {
		return 0, false
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.Abs(v) > 1e15 {
		return 0, false
	}
	if math.Abs(v) < millisFrom {
		v *= 1000
	}
	return int64(math.Round(v)), true
}

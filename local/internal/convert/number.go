package convert

import (
	"bytes"
	"errors"
	"math"
	"strconv"

	"github.com/parquet-go/parquet-go"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

func readDouble(m jsonscan.Member) (parquet.Value, bool) {
	switch m.Kind {
	case jsonscan.Number:
		v, err := jsonscan.ParseFloat(m.Value)
		return parquet.DoubleValue(v), err == nil
	case jsonscan.String:
		v, ok := javaDouble(unquoted(m.Value))
		return parquet.DoubleValue(v), ok
	}
	return parquet.Value{}, false
}

// javaDouble reads text as Java's Double.parseDouble does, which the SerDe calls
// (https://docs.oracle.com/javase/8/docs/api/java/lang/Double.html#valueOf-java.lang.String-). It accepts white space around the number,
// a hexadecimal number with a binary exponent, one of f, F, d and D at the end, NaN and Infinity. A number that is too large becomes
// infinity. It refuses what only Go accepts: underscores, and other spellings of NaN and Infinity, such as inf.
func javaDouble(text []byte) (v float64, ok bool) {
	text = trimmed(text)
	digits := bytes.TrimLeft(text, "+-")
	switch {
	case len(text)-len(digits) > 1 || len(digits) == 0 || bytes.IndexByte(digits, '_') >= 0:
		return 0, false
	case string(digits) == "NaN":
		return math.NaN(), true
	case string(digits) == "Infinity":
		return math.Inf(1 - 2*bytes.Count(text, []byte("-"))), true
	case digits[0] != '.' && digits[0]-'0' > 9:
		return 0, false
	}
	if last := len(text) - 1; bytes.IndexByte([]byte("fFdD"), text[last]) >= 0 {
		text = text[:last]
	}
	v, err := strconv.ParseFloat(string(text), 64)
	return v, err == nil || errors.Is(err, strconv.ErrRange)
}

func readInt(m jsonscan.Member) (parquet.Value, bool) {
	v, ok := integer(m, 32)
	return parquet.Int32Value(int32(v)), ok
}

func readBigInt(m jsonscan.Member) (parquet.Value, bool) {
	v, ok := integer(m, 64)
	return parquet.Int64Value(v), ok
}

func integer(m jsonscan.Member, bits int) (v int64, ok bool) {
	switch m.Kind {
	case jsonscan.Number:
		v, err := jsonscan.ParseInt(m.Value, bits)
		return v, err == nil
	case jsonscan.String:
		return javaInteger(string(unquoted(m.Value)), bits)
	}
	return 0, false
}

// javaInteger reads text as the SerDe's ParsePrimitiveUtils does with Java's Integer.parseInt and Long.parseLong. It accepts a sign,
// and 0x before a hexadecimal number. It refuses white space.
func javaInteger(text string, bits int) (int64, bool) {
	base := 10
	if len(text) > 2 && text[0] == '0' && text[1]|0x20 == 'x' {
		text, base = text[2:], 16
	}
	v, err := strconv.ParseInt(text, base, bits)
	return v, err == nil
}

// readBool reads the text "true", in any case, as true and any other text as false. Java's Boolean.parseBoolean does so, which the
// SerDe calls.
func readBool(m jsonscan.Member) (parquet.Value, bool) {
	switch m.Kind {
	case jsonscan.Bool:
		return parquet.BooleanValue(m.Value[0] == 't'), true
	case jsonscan.String:
		return parquet.BooleanValue(string(bytes.ToLower(unquoted(m.Value))) == "true"), true
	}
	return parquet.Value{}, false
}

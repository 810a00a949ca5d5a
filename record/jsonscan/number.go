package jsonscan

import (
	"errors"
	"strconv"
	"unsafe"
)

// ErrNumber means that a text is not a JSON number. The functions of strconv also read other texts: 1_0, 0x1p4, inf, +1.
var ErrNumber = errors.New("not a number")

// ParseFloat returns the double nearest to a JSON number. The result is that of strconv.ParseFloat. It is several times faster for
// numbers of few digits, such as readings.
func ParseFloat(number []byte) (float64, error) {
	d, ok := parseDecimal(number)
	if !ok || d.digits > 1<<53 {
		if !isNumber(number) {
			return 0, ErrNumber
		}
		return strconv.ParseFloat(view(number), 64)
	}
	// A double represents both the digits and the power of ten exactly. The division therefore rounds once, as strconv.ParseFloat
	// does (W. Clinger, "How to Read Floating Point Numbers Accurately").
	f := float64(d.digits) / powers[d.places]
	if d.negative {
		f = -f
	}
	return f, nil
}

// ParseInt returns a JSON number without fraction and exponent that fits into the given bits. The result is that of
// strconv.ParseInt. It is several times faster for few digits.
func ParseInt(number []byte, bits int) (int64, error) {
	d, ok := parseDecimal(number)
	if !ok || d.places > 0 || bits < 64 && d.digits >= 1<<(bits-1) {
		if !isNumber(number) {
			return 0, ErrNumber
		}
		return strconv.ParseInt(view(number), 10, bits)
	}
	if d.negative {
		return -int64(d.digits), nil
	}
	return int64(d.digits), nil
}

func isNumber(text []byte) bool {
	end, err := scanNumber(text, 0)
	return err == nil && end == len(text)
}

// view returns bytes as a string without a copy. If a strconv function fails, its error holds a copy.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// powers are the powers of ten up to maxDigits. A double represents each of them exactly.
var powers = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

const maxDigits = len(powers) - 1

// decimal is a number of at most maxDigits digits.
type decimal struct {
	digits   uint64 // all of them, without the point
	places   int    // digits after the point
	negative bool
}

// parseDecimal reads a number without an exponent; ok is false for any other text.
func parseDecimal(b []byte) (d decimal, ok bool) {
	if len(b) > 0 && b[0] == '-' {
		d.negative = true
		b = b[1:]
	}
	if len(b) == 0 || len(b) > maxDigits+1 || b[0] == '0' && len(b) > 1 && b[1] != '.' {
		return d, false
	}
	point := len(b)
	for i, c := range b {
		switch {
		case c-'0' <= 9:
			d.digits = d.digits*10 + uint64(c-'0')
		case c == '.' && point == len(b):
			point = i
		default:
			return d, false
		}
	}
	if point == len(b) {
		return d, len(b) <= maxDigits
	}
	d.places = len(b) - point - 1
	return d, d.places > 0 && point > 0
}

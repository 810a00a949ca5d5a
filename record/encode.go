package record

import (
	"math"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends the sample as one JSON object without a line end. Keys are in column order. Absent fields are left out.
// Doubles are rounded by their unit. NaN and infinities count as absent, because JSON cannot express them.
func (s *Sample) AppendJSON(dst []byte) []byte {
	return appendObject(dst, sampleFields, reflect.ValueOf(s).Elem())
}

// appendObject appends the struct v, which has the given fields.
func appendObject(dst []byte, fields []field, v reflect.Value) []byte {
	dst = append(dst, '{')
	start := len(dst)
	for i := range fields {
		f := &fields[i]
		before := len(dst)
		if before > start {
			dst = append(dst, ',')
		}
		dst = append(dst, f.key...)
		var ok bool
		if f.IsList() {
			dst, ok = appendList(dst, f, v.Field(f.index))
		} else {
			dst, ok = appendField(dst, f, v.Field(f.index).Addr().Interface())
		}
		if !ok {
			dst = dst[:before]
		}
	}
	return append(dst, '}')
}

// appendField appends the value that p points to; ok is false if the value is absent.
func appendField(dst []byte, f *field, p any) (_ []byte, ok bool) {
	switch p := p.(type) {
	case *string:
		return AppendString(dst, *p), *p != ""
	case *Float:
		v, ok := p.Get()
		return appendFloat(dst, v, f.places), ok && finite(v)
	case *float64:
		return appendFloat(dst, *p, f.places), finite(*p)
	case *int32:
		return strconv.AppendInt(dst, int64(*p), 10), true
	case *int64:
		return strconv.AppendInt(dst, *p, 10), true
	case *Int:
		v, ok := p.Get()
		return strconv.AppendInt(dst, int64(v), 10), ok
	case *Long:
		v, ok := p.Get()
		return strconv.AppendInt(dst, v, 10), ok
	case *map[string]string:
		return appendMap(dst, *p), len(*p) > 0
	}
	return dst, false
}

// appendList appends the slice v; ok is false if it is empty.
func appendList(dst []byte, f *field, v reflect.Value) (_ []byte, ok bool) {
	dst = append(dst, '[')
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendObject(dst, f.fields, v.Index(i))
	}
	return append(dst, ']'), v.Len() > 0
}

func appendMap(dst []byte, m map[string]string) []byte {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	dst = append(dst, '{')
	for i, k := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(dst, k)
		dst = append(dst, ':')
		dst = AppendString(dst, m[k])
	}
	return append(dst, '}')
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// appendFloat appends v rounded to places decimals, in the shortest form, without an exponent.
func appendFloat(dst []byte, v float64, places int) []byte {
	return strconv.AppendFloat(dst, round(v, places), 'f', -1, 64)
}

func round(v float64, places int) float64 {
	scale := math.Pow10(places)
	// A double of 2^53 or more has no fraction to round, and scaling could overflow.
	if scaled := v * scale; math.Abs(scaled) < 1<<53 {
		v = math.Round(scaled) / scale
	}
	if v == 0 {
		v = 0 // instead of -0
	}
	return v
}

// AppendString appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD.
func AppendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}

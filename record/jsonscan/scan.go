// Package jsonscan finds the members of a JSON object without building values.
//
// It checks the whole object against RFC 8259 and returns slices of the input: no allocation per member, no reflection.
// [Members] scans one object. [Reader] scans one after another, finds their columns and refuses repeated keys. [ParseFloat] and
// [ParseInt] read numbers.
//
// It is not a general JSON library: it knows objects, one level at a time. encoding/json, which it is tested against,
// spends several times as long on the same bytes, and this is the hot path of the transform and of local delivery.
package jsonscan

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// Kind is the kind of a JSON value.
type Kind uint8

// The kinds of JSON values.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

func (k Kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "an array", "an object"}[k]
}

// Member is one member of an object. Key and Value are slices of the input.
type Member struct {
	Key   []byte // without quotes, escapes as written: see AppendUnescaped
	Value []byte // as written; a string with its quotes: see AppendUnquoted
	Kind  Kind
	// Column is the place of the key among the names that a [Reader] was made with, else [NoColumn].
	Column int32
}

// NoColumn is the Column of a key that names none.
const NoColumn = -1

// MaxDepth is how deep values may nest.
const MaxDepth = 64

// SyntaxError says where and why bytes are not a JSON object.
type SyntaxError struct {
	Offset int // in the bytes given to Members
	Reason string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.Reason, e.Offset) }

// SkipSpace returns the first index from i on that is not JSON white space.
func SkipSpace(data []byte, i int) int {
	if i < len(data) && data[i] > ' ' { // as most often, and small enough to be inlined
		return i
	}
	return skipSpace(data, i)
}

func skipSpace(data []byte, i int) int {
	for i < len(data) && class[data[i]]&space != 0 {
		i++
	}
	return i
}

// Members scans the object that data begins with, white space before it allowed, appends its members to dst in order
// (repeated keys included) and returns how many bytes it took. What follows the object is not looked at.
// Whether strings are UTF-8 is not checked; [unicode/utf8.Valid] over the whole input is cheaper.
func Members(dst []Member, data []byte) ([]Member, int, error) {
	i := SkipSpace(data, 0)
	if i == len(data) {
		return dst, i, &SyntaxError{i, "no document"}
	}
	if data[i] != '{' {
		return dst, i, &SyntaxError{i, "not a JSON object"}
	}
	i, err := scanItems(&dst, data, i, 0)
	return dst, i, err
}

// Items returns the members of the object, or the elements of the array, that value is. Elements have no key. The value must
// be one that [Members] or [Reader] gave.
func Items(value []byte) []Member {
	var items []Member
	if _, err := scanItems(&items, value, 0, 0); err != nil {
		return nil
	}
	return items
}

func unexpected(data []byte, i int, want string) error {
	if i >= len(data) {
		return &SyntaxError{i, "document ends where " + want + " should be"}
	}
	return &SyntaxError{i, fmt.Sprintf("%q where %s should be", data[i], want)}
}

// Character classes.
const (
	space  = 1 << iota
	plain  // may stand in a string as it is
	hexdig // hexadecimal digit
)

var class = func() (c [256]byte) {
	for _, b := range " \t\r\n" {
		c[b] |= space
	}
	for b := '0'; b <= '9'; b++ {
		c[b] |= hexdig
	}
	for _, b := range "abcdefABCDEF" {
		c[b] |= hexdig
	}
	for b := 0x20; b < 256; b++ {
		if b != '"' && b != '\\' {
			c[b] |= plain
		}
	}
	return c
}()

// scanString returns the index behind the string that begins at data[i], a quote.
func scanString(data []byte, i int) (int, error) {
	start := i
	i++
	for {
		i = SkipPlain(data, i)
		if i >= len(data) {
			return i, &SyntaxError{start, "string without an end"}
		}
		switch data[i] {
		case '"':
			return i + 1, nil
		case '\\':
			n := escapeLen(data[i:])
			if n == 0 {
				return i, &SyntaxError{i, "bad escape in a string"}
			}
			i += n
		default:
			return i, &SyntaxError{i, "control character in a string"}
		}
	}
}

// SkipPlain returns the first index from i on of a byte that may not stand in a string as it is. It looks at eight bytes at
// a time: a byte b is found by the borrow of b-1 (or of b-0x20) where b had no high bit. A borrow spreads upwards only,
// so that the lowest one found is right.
func SkipPlain(data []byte, i int) int {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	for ; i+8 <= len(data); i += 8 {
		x := binary.LittleEndian.Uint64(data[i:])
		quote, escape := x^('"'*ones), x^('\\'*ones)
		found := ((x-0x20*ones)&^x | (quote-ones)&^quote | (escape-ones)&^escape) & highs
		if found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for i < len(data) && class[data[i]]&plain != 0 {
		i++
	}
	return i
}

// escapeLen returns the length of the escape that b begins with, 0 where it is none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) >= 6 && class[b[2]]&class[b[3]]&class[b[4]]&class[b[5]]&hexdig != 0 {
			return 6
		}
	}
	return 0
}

// scanValue returns the index behind the value that begins at data[i], and its kind.
func scanValue(data []byte, i, depth int) (int, Kind, error) {
	if i >= len(data) {
		return i, Null, unexpected(data, i, "a value")
	}
	switch c := data[i]; c {
	case '"':
		end, err := scanString(data, i)
		return end, String, err
	case '{':
		end, err := scanItems(nil, data, i, depth)
		return end, Object, err
	case '[':
		end, err := scanItems(nil, data, i, depth)
		return end, Array, err
	case 't':
		return scanLiteral(data, i, "true", Bool)
	case 'f':
		return scanLiteral(data, i, "false", Bool)
	case 'n':
		return scanLiteral(data, i, "null", Null)
	default:
		end, err := scanNumber(data, i)
		return end, Number, err
	}
}

func scanLiteral(data []byte, i int, word string, kind Kind) (int, Kind, error) {
	if len(data)-i < len(word) || string(data[i:i+len(word)]) != word {
		return i, kind, unexpected(data, i, "a value")
	}
	return i + len(word), kind, nil
}

// scanNumber takes -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
func scanNumber(data []byte, i int) (int, error) {
	start := i
	if i < len(data) && data[i] == '-' {
		i++
	}
	whole := i
	i = skipDigits(data, i)
	if i == whole {
		return i, unexpected(data, start, "a value")
	}
	if data[whole] == '0' && i > whole+1 {
		return i, &SyntaxError{start, "number with a leading zero"}
	}
	if i < len(data) && data[i] == '.' {
		fraction := i + 1
		if i = skipDigits(data, fraction); i == fraction {
			return i, &SyntaxError{start, "number without digits after its point"}
		}
	}
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		exponent := i
		if i = skipDigits(data, exponent); i == exponent {
			return i, &SyntaxError{start, "number without digits in its exponent"}
		}
	}
	return i, nil
}

func skipDigits(data []byte, i int) int {
	for i < len(data) && data[i]-'0' <= 9 {
		i++
	}
	return i
}

// scanItems returns the index behind the object or array that begins at data[i]. It appends its members, or its elements
// without keys, to list if that is not nil. depth is how many values are around it.
func scanItems(list *[]Member, data []byte, i, depth int) (int, error) {
	if depth >= MaxDepth {
		return i, &SyntaxError{i, fmt.Sprintf("values nest deeper than %d", MaxDepth)}
	}
	object, closing := data[i] == '{', data[i]+2 // '{' and '}', '[' and ']' are two apart
	i = SkipSpace(data, i+1)
	if i < len(data) && data[i] == closing {
		return i + 1, nil
	}
	for {
		item := Member{Column: NoColumn}
		if object {
			if i >= len(data) || data[i] != '"' {
				return i, unexpected(data, i, "a key")
			}
			end, err := scanString(data, i)
			if err != nil {
				return i, err
			}
			item.Key = data[i+1 : end-1]
			if i = SkipSpace(data, end); i >= len(data) || data[i] != ':' {
				return i, unexpected(data, i, "a colon")
			}
			i = SkipSpace(data, i+1)
		}
		end, kind, err := scanValue(data, i, depth+1)
		if err != nil {
			return i, err
		}
		if list != nil {
			item.Value, item.Kind = data[i:end:end], kind
			*list = append(*list, item)
		}
		i = SkipSpace(data, end)
		switch {
		case i < len(data) && data[i] == ',':
			i = SkipSpace(data, i+1)
		case i < len(data) && data[i] == closing:
			return i + 1, nil
		case object:
			return i, unexpected(data, i, "a comma or a brace")
		default:
			return i, unexpected(data, i, "a comma or a bracket")
		}
	}
}

// AppendUnquoted appends the text of a string value as Members gives it, quotes removed and escapes resolved.
func AppendUnquoted(dst, value []byte) []byte { return AppendUnescaped(dst, value[1:len(value)-1]) }

// AppendUnescaped appends text with its escapes resolved. A lone surrogate becomes U+FFFD, as encoding/json has it.
func AppendUnescaped(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		if text[i] != '\\' {
			dst = append(dst, text[i])
			i++
			continue
		}
		if text[i+1] != 'u' {
			dst = append(dst, unescape(text[i+1]))
			i += 2
			continue
		}
		r := hexRune(text[i+2:])
		i += 6
		if utf16.IsSurrogate(r) {
			low := rune(utf8.RuneError)
			if len(text) >= i+6 && text[i] == '\\' && text[i+1] == 'u' {
				low = hexRune(text[i+2:])
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				i += 6
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

func unescape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

func hexRune(b []byte) (r rune) {
	for _, c := range b[:4] {
		r <<= 4
		switch {
		case c <= '9':
			r |= rune(c - '0')
		default:
			r |= rune(c|0x20-'a') + 10
		}
	}
	return r
}

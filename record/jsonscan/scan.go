// Package jsonscan finds the members of a JSON object without building values.
//
// It checks the whole object against RFC 8259 and returns slices of the input. It does not allocate memory for each member.
// [Members] scans one object. A [Reader] scans one object after another, finds their columns and refuses repeated keys.
// [ParseFloat] and [ParseInt] read numbers.
//
// It is not a general JSON library: it returns the members of an object, one level at a time. The transform and local delivery
// spend most of their time here; encoding/json takes several times longer. The tests compare it with encoding/json.
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
	Value []byte // as written; a string includes its quotes: see AppendUnquoted
	Kind  Kind
	// Column is the place of the key in the names given to [NewReader], or [NoColumn].
	Column int32
}

// NoColumn is the Column of a key that does not name a column.
const NoColumn = -1

// MaxDepth is how many levels of objects and arrays a document may have.
const MaxDepth = 64

// SyntaxError says where and why bytes are not a JSON object.
type SyntaxError struct {
	Offset int // in the bytes given to Members
	Reason string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.Reason, e.Offset) }

// SkipSpace returns the first index from i on that is not JSON white space.
func SkipSpace(data []byte, i int) int {
	if i < len(data) && data[i] > ' ' { // the usual case; the compiler inlines a function as short as this
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

// Members scans the object at the beginning of data. White space may precede it. Members appends the object's members to dst in
// order, repeated keys included, and returns how many bytes it has read. It does not read what follows the object. It does not check
// that strings are UTF-8; [unicode/utf8.Valid] over the whole input is cheaper.
func Members(dst []Member, data []byte) ([]Member, int, error) {
	i := SkipSpace(data, 0)
	if i == len(data) || data[i] != '{' {
		return dst, i, unexpected(data, i, "a JSON object")
	}
	i, err := scanItems(&dst, data, i, 0)
	return dst, i, err
}

// Items returns the members of an object, or the elements of an array. Elements do not have a key. The value must come from
// [Members] or a [Reader].
func Items(value []byte) []Member {
	var items []Member
	if _, err := scanItems(&items, value, 0, 0); err != nil {
		return nil
	}
	return items
}

func unexpected(data []byte, i int, want string) error {
	if i >= len(data) {
		return &SyntaxError{i, "found the end instead of " + want}
	}
	return &SyntaxError{i, fmt.Sprintf("found %q instead of %s", data[i], want)}
}

// Character classes.
const (
	space  = 1 << iota
	plain  // needs no escape in a string
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

// scanString returns the index after the string that begins with the quote at data[i].
func scanString(data []byte, i int) (int, error) {
	start := i
	i++
	for {
		i = SkipPlain(data, i)
		if i >= len(data) {
			return i, &SyntaxError{start, "a string without its closing quote"}
		}
		switch data[i] {
		case '"':
			return i + 1, nil
		case '\\':
			n := escapeLen(data[i:])
			if n == 0 {
				return i, &SyntaxError{i, "an escape that JSON does not know"}
			}
			i += n
		default:
			return i, &SyntaxError{i, "an unescaped control character in a string"}
		}
	}
}

// SkipPlain returns the index, from i on, of the first byte that needs an escape in a string. It looks at eight bytes at a time. The
// byte 0 in quote or escape is found by the borrow of b-1, a control character by the borrow of b-0x20, if b itself has no high bit.
// A borrow spreads only to higher bytes, so that the lowest byte found is right.
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

// escapeLen returns the length of the escape at the beginning of b, 0 if JSON does not know it.
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

// scanValue returns the index after the value that begins at data[i], and its kind.
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
		return i, &SyntaxError{start, "a number with a leading zero"}
	}
	if i < len(data) && data[i] == '.' {
		fraction := i + 1
		if i = skipDigits(data, fraction); i == fraction {
			return i, &SyntaxError{start, "a number without digits after its point"}
		}
	}
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		i++
		if i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		exponent := i
		if i = skipDigits(data, exponent); i == exponent {
			return i, &SyntaxError{start, "a number without digits in its exponent"}
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

// scanItems returns the index after the object or array that begins at data[i]. If list is not nil, it appends the members, or the
// elements without keys. depth is how many objects and arrays contain this one.
func scanItems(list *[]Member, data []byte, i, depth int) (int, error) {
	if depth >= MaxDepth {
		return i, &SyntaxError{i, fmt.Sprintf("more than %d levels of objects and arrays", MaxDepth)}
	}
	object, closing := data[i] == '{', data[i]+2 // in ASCII '}' is two after '{', and ']' two after '['
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

// AppendUnquoted appends the text of a member's value of kind [String], without quotes and with its escapes resolved.
func AppendUnquoted(dst, value []byte) []byte { return AppendUnescaped(dst, value[1:len(value)-1]) }

// AppendUnescaped appends text with its escapes resolved. A lone surrogate becomes U+FFFD, as in encoding/json.
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

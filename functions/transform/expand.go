package transform

import (
	"errors"
	"unicode/utf8"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

var errNotUTF8 = errors.New("the record is neither UTF-8 text nor a pack of UTF-8 text")

// expand returns the text of a record. It expands a pack and returns any other text as it is. The text is valid until the next call.
func (v *invocation) expand(data []byte) (text []byte, err error) {
	text = data
	if record.IsPack(data) {
		text, err = v.packs.AppendLines(v.lines[:0], data)
		v.lines = text[:0]
		if err != nil {
			return nil, err
		}
	}
	if !utf8.Valid(text) {
		return nil, errNotUTF8
	}
	return text, nil
}

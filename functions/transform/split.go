package transform

import (
	"bytes"
	"cmp"
	"slices"
)

// returned is a record that goes back onto the stream, in packs that each fit an answer.
type returned struct {
	record int
	packs  [][]byte
	err    error // why it could not be split
}

// split cuts a record into packs that each fit an answer: one hour, bounded in size. Samples keep their order in an hour.
func (v *invocation) split(i int, c contents) returned {
	back := returned{record: i}
	slices.SortStableFunc(c.docs, func(x, y document) int { return cmp.Compare(x.hour, y.hour) })
	v.pack.Reset()
	output := 0
	flush := func() {
		if v.pack.Count() == 0 || back.err != nil {
			return
		}
		pack, err := v.pack.Bytes()
		back.packs, back.err = append(back.packs, bytes.Clone(pack)), err
		v.pack.Reset()
		output = 0
	}
	for _, d := range c.docs {
		doc := c.text[d.start:d.end]
		if v.pack.Hour() != d.hour || v.pack.RawBytes()+len(doc) > maxDocument || output > maxRecordOutput/2 {
			flush()
		}
		output += len(doc) + maxEnrichment
		back.err = cmp.Or(back.err, v.pack.Add(oneLine(doc), d.hour))
	}
	flush()
	return back
}

// oneLine returns a document without line ends: a pack holds one document a line. A line end is white space in JSON, never
// part of a string.
func oneLine(doc []byte) []byte {
	if bytes.IndexByte(doc, '\n') < 0 {
		return doc
	}
	return bytes.ReplaceAll(doc, []byte{'\n'}, []byte{' '})
}

package transform

import (
	"bytes"
	"cmp"
	"slices"
)

// toPutBack is a record that goes back onto the stream. One answer can hold the samples of each of its packs.
type toPutBack struct {
	index int // of the record in the event
	packs [][]byte
	err   error // why it could not be split
	// leftOut has the reasons that later invocations cannot find in the packs.
	leftOut leftOut
}

// split cuts a record into packs whose samples one answer can hold: each has samples of one hour, and its size is bounded. The samples of
// an hour keep their order.
func (v *invocation) split(i int, c contents) toPutBack {
	back := toPutBack{index: i}
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

// oneLine returns a document without line ends, because a line of a pack is one document. In JSON a line end is white space and
// never part of a string.
func oneLine(doc []byte) []byte {
	if bytes.IndexByte(doc, '\n') < 0 {
		return doc
	}
	return bytes.ReplaceAll(doc, []byte{'\n'}, []byte{' '})
}

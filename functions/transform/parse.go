package transform

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// maxDocument bounds one JSON document in bytes. It has to fit a record of the stream on its own when it is put back.
const maxDocument = 900_000

// maxTS bounds the digits of a ts: more say nothing, and would come out twice.
const maxTS = 40

// Reasons to refuse a record.
var (
	errEmpty       = errors.New("record holds no document")
	errDocTooLarge = fmt.Errorf("document is larger than %d bytes", maxDocument)
)

// contents are the samples of one record. They are valid until the next record is parsed.
type contents struct {
	text []byte
	docs []document
	// out are the documents, enriched. It is memory of its own, and so stays valid.
	out []byte
	// implausible is how many numbers out does not have because of their range, and first names the first of them.
	implausible int
	first       error
	// split says that the record cannot be answered as it is: its samples are of several hours, or it is too large.
	split bool
}

// document is where one sample is in a record's text.
type document struct {
	start, end int
	hour       record.Hour
}

// parse checks all documents of a record and enriches them. It stops enriching, but goes on checking, once it is clear that
// the record has to be split.
func (v *invocation) parse(text []byte) (contents, error) {
	lines := bytes.Count(text, []byte{'\n'}) + 1
	c := contents{
		text: text, docs: v.docs[:0],
		out: make([]byte, 0, min(len(text)+lines*enrichmentBytes, maxRecordOutput+maxDocument)),
	}
	hours := v.hours[:0]
	defer func() { v.docs, v.hours = c.docs[:0], hours[:0] }()
	for i := jsonscan.SkipSpace(text, 0); i < len(text); i = jsonscan.SkipSpace(text, i) {
		s, err := v.readSample(text[i:])
		if err != nil {
			return c, fmt.Errorf("document %d, from byte %d: %w", len(c.docs), i, err)
		}
		doc := document{start: i, end: i + len(s.text), hour: record.HourOf(s.ts)}
		if !hours.add(doc.hour) {
			return c, errManyHours
		}
		c.docs = append(c.docs, doc)
		c.split = c.split || doc.hour != c.docs[0].hour || len(c.out) > maxRecordOutput
		if !c.split {
			c.out = v.enrich(c.out, s)
			c.implausible += s.implausible
			c.first = cmp.Or(c.first, s.first)
		}
		i = doc.end
	}
	if len(c.docs) == 0 {
		return c, errEmpty
	}
	c.split = c.split || len(c.out) > maxRecordOutput
	return c, nil
}

// sample is a document that was checked. It is valid until the next document is read.
type sample struct {
	text []byte
	ts   float64
	raw  []byte // ts, as the producer wrote it
	// kept are the members to deliver, if cut says that there are others.
	kept []jsonscan.Member
	cut  bool
	// implausible is how many numbers are cut because of their range, and first names the first of them.
	implausible int
	first       error
}

// readSample checks the document that data begins with.
func (v *invocation) readSample(data []byte) (s sample, err error) {
	members, end, err := v.reader.Read(data)
	if err != nil {
		return s, err
	}
	if end > maxDocument {
		return s, errDocTooLarge
	}
	s.text = data[:end]
	s.kept = members[:0]
	for _, m := range members {
		c := &columns[m.Column+1]
		switch c.use {
		case useTS:
			if m.Kind != jsonscan.Number {
				return s, fmt.Errorf("ts is not a number but %s", m.Kind)
			}
			s.raw = m.Value
		case useEnrichment: // the transform's own would come out twice
			s.cut = true
			continue
		case useQuantity:
			if !plausible(m, c.within) {
				s.cut = true
				s.implausible++
				s.first = cmp.Or(s.first, implausible(c, m))
				continue
			}
		}
		s.kept = append(s.kept, m)
	}
	if s.raw == nil {
		return s, record.ErrNoTS
	}
	if len(s.raw) > maxTS {
		return s, fmt.Errorf("ts has more than %d digits", maxTS)
	}
	if s.ts, err = jsonscan.ParseFloat(s.raw); err != nil {
		return s, fmt.Errorf("ts: %w", err)
	}
	if err := record.CheckTS(s.ts, v.now); err != nil {
		return s, err
	}
	return s, v.checkAge(s.ts)
}

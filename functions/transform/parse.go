package transform

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// maxDocument is how many bytes a JSON document may have. A document that is put back has to fit into one record of the stream.
const maxDocument = 900_000

// maxTS is how many characters a ts may have. The transform writes them twice: as ts and as epoch_timestamp.
const maxTS = 40

// Reasons to refuse a record.
var (
	errEmpty       = errors.New("the record is empty; want at least one JSON object")
	errDocTooLarge = fmt.Errorf("the document is larger than %d bytes", maxDocument)
)

// contents are the samples of one record. They are valid until the next record is parsed.
type contents struct {
	text []byte
	docs []document
	// out holds the enriched documents. Unlike the other fields, it stays valid after the next record is parsed.
	out     []byte
	leftOut leftOut
	// split says that the record cannot be answered as it is: its samples are of several hours, or it is too large.
	split bool
}

// leftOut counts the reasons why values of a record are left out: one for each number that is out of its range, and each reason that
// [otlp.Samples] returns.
type leftOut struct {
	reasons int
	first   error
}

func (l *leftOut) add(reasons ...error) {
	for _, reason := range reasons {
		l.addAll(leftOut{1, reason})
	}
}

// addAll adds the reasons of another leftOut, which come later.
func (l *leftOut) addAll(more leftOut) {
	l.reasons += more.reasons
	l.first = cmp.Or(l.first, more.first)
}

// document is the place of one sample in a record's text.
type document struct {
	start, end int
	hour       record.Hour
}

// parse checks all documents of a record and enriches them. When it finds that the record has to be split, it goes on checking but
// stops enriching.
func (v *invocation) parse(from converted) (contents, error) {
	text := from.text
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
			return c, from.inRecord(len(c.docs)+1, i, err)
		}
		doc := document{start: i, end: i + len(s.text), hour: record.HourOf(s.ts)}
		if !hours.add(doc.hour) {
			return c, errManyHours
		}
		c.docs = append(c.docs, doc)
		c.split = c.split || doc.hour != c.docs[0].hour || len(c.out) > maxRecordOutput
		if !c.split {
			c.out = v.enrich(c.out, s)
			c.leftOut.addAll(s.leftOut)
		}
		i = doc.end
	}
	if len(c.docs) == 0 {
		return c, errEmpty
	}
	c.split = c.split || len(c.out) > maxRecordOutput
	return c, nil
}

// sample is a checked document. It is valid until the next document is read.
type sample struct {
	text []byte
	ts   float64
	raw  []byte // ts, as the producer wrote it
	// kept holds the members to deliver. cut is true if the sample has other members too.
	kept    []jsonscan.Member
	cut     bool
	leftOut leftOut // the numbers that are cut because of their range
}

// readSample checks the document at the beginning of data.
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
		case useEnrichment: // the transform writes this column itself
			s.cut = true
			continue
		case useQuantity:
			if !plausible(m, c.within) {
				s.cut = true
				s.leftOut.add(implausible(c, m))
				continue
			}
		}
		s.kept = append(s.kept, m)
	}
	if s.raw == nil {
		return s, record.ErrNoTS
	}
	if len(s.raw) > maxTS {
		return s, fmt.Errorf("ts has more than %d characters", maxTS)
	}
	if s.ts, err = jsonscan.ParseFloat(s.raw); err != nil {
		return s, fmt.Errorf("ts: %w", err)
	}
	if err := record.CheckTS(s.ts, v.now); err != nil {
		return s, err
	}
	return s, v.checkAge(s.ts)
}

package transform

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// maxDocument bounds one JSON document in bytes. It has to fit a record of the stream on its own when it is put back.
const maxDocument = 900_000

// maxTS bounds the digits of a ts: more say nothing, and would come out twice.
const maxTS = 40

// Enrichment adds about enrichmentBytes to a document, and never more than maxEnrichment.
const (
	enrichmentBytes = 330
	maxEnrichment   = 360 + maxTS
)

// Reasons to refuse a record.
var (
	errEmpty       = errors.New("record holds no document")
	errNotUTF8     = errors.New("not UTF-8 text (nor gzip)")
	errTwice       = errors.New("ts is given twice")
	errDocTooLarge = fmt.Errorf("document is larger than %d bytes", maxDocument)
)

// scratch is memory that one event after another uses.
type scratch struct {
	reader  record.PackReader
	pack    record.PackWriter
	lines   []byte
	docs    []document
	hours   hourSet
	members []jsonscan.Member
	walker  *jsonscan.Walker
}

// document is one sample in a record's text.
type document struct {
	start, end int // in the text
	hour       record.Hour
}

// parsed is a record that was found good. It is valid until the next record is parsed.
type parsed struct {
	text []byte
	docs []document
	// out are the documents, enriched. It is memory of its own, and so stays valid.
	out []byte
	// split says that the record cannot be answered as it is: its samples are of several hours, or it is too large.
	split bool
}

// parse checks all documents of a record and enriches them. It stops enriching, but goes on checking, once it is clear that
// the record has to be split.
func (b *batch) parse(data []byte) (parsed, error) {
	p := parsed{text: data}
	if record.IsPack(data) {
		lines, err := b.reader.AppendLines(b.lines[:0], data)
		b.lines = lines[:0]
		if err != nil {
			return p, err
		}
		p.text = lines
	}
	if !utf8.Valid(p.text) {
		return p, errNotUTF8
	}
	lines := bytes.Count(p.text, []byte{'\n'}) + 1
	p.out = make([]byte, 0, min(len(p.text)+lines*enrichmentBytes, maxRecordOutput+maxDocument))
	p.docs = b.docs[:0]
	hours := b.hours[:0]
	defer func() { b.docs, b.hours = p.docs[:0], hours[:0] }()
	for i := jsonscan.SkipSpace(p.text, 0); i < len(p.text); i = jsonscan.SkipSpace(p.text, i) {
		s, err := b.sample(p.text[i:])
		if err != nil {
			return p, fmt.Errorf("document %d, from byte %d: %w", len(p.docs), i, err)
		}
		doc := document{start: i, end: i + len(s.text), hour: record.HourOf(s.ts)}
		if !hours.add(doc.hour) {
			return p, errManyHours
		}
		p.docs = append(p.docs, doc)
		p.split = p.split || doc.hour != p.docs[0].hour || len(p.out) > maxRecordOutput
		if !p.split {
			p.out = b.enrich(p.out, s)
		}
		i = doc.end
	}
	if len(p.docs) == 0 {
		return p, errEmpty
	}
	p.split = p.split || len(p.out) > maxRecordOutput
	return p, nil
}

// sample is a document that was checked.
type sample struct {
	text []byte
	ts   float64
	raw  []byte // ts, as the producer wrote it
	// members are all members where the producer filled columns that are the transform's, else nil.
	members []jsonscan.Member
}

// sample checks the document that data begins with.
func (b *batch) sample(data []byte) (s sample, err error) {
	end, raw := b.walk(data)
	if raw == nil {
		if end, raw, s.members, err = b.scan(data); err != nil {
			return s, err
		}
	}
	if end > maxDocument {
		return s, errDocTooLarge
	}
	if len(raw) > maxTS {
		return s, fmt.Errorf("ts has more than %d digits", maxTS)
	}
	s.text, s.raw = data[:end], raw
	if s.ts, err = strconv.ParseFloat(string(raw), 64); err != nil {
		return s, fmt.Errorf("ts: %w", err)
	}
	return s, cmp.Or(record.CheckTS(s.ts, b.now), b.checkAge(s.ts, b.now))
}

// What a key means here; walk takes documents that have the first one once and the last one never.
const (
	keyTS = iota
	keySample
	keyEnrichment
)

func meaning(key []byte) int {
	switch {
	case record.EqualFold(key, "ts"):
		return keyTS
	case record.IsEnrichment(key):
		return keyEnrichment
	}
	return keySample
}

// walk finds the end and the ts of a document as producers mostly send it. raw is nil where it is not such a document, or
// not right; scan says which.
func (b *batch) walk(data []byte) (end int, raw []byte) {
	b.walker.Begin()
	for i := 0; ; {
		key, value := b.walker.Next(data, i)
		if key == jsonscan.End {
			return value, raw
		}
		if key == keyEnrichment || key == keyTS && raw != nil || key == jsonscan.Odd {
			return 0, nil
		}
		end, kind, err := jsonscan.Value(data, value)
		if err != nil || key == keyTS && kind != jsonscan.Number {
			return 0, nil
		}
		if key == keyTS {
			raw = data[value:end]
		}
		i = end
	}
}

// scan finds the end and the ts of any document. It returns the members where some are the transform's.
func (b *batch) scan(data []byte) (end int, raw []byte, members []jsonscan.Member, err error) {
	members, end, err = jsonscan.Members(b.members[:0], data)
	b.members = members[:0]
	if err != nil {
		return 0, nil, nil, err
	}
	if end > maxDocument {
		return 0, nil, nil, errDocTooLarge
	}
	own := false
	for _, m := range members {
		switch meaning(m.Key) {
		case keyEnrichment:
			own = true
		case keyTS:
			if raw != nil {
				return 0, nil, nil, errTwice
			}
			if m.Kind != jsonscan.Number {
				return 0, nil, nil, fmt.Errorf("ts is not a number but %s", m.Kind)
			}
			raw = m.Value
		}
	}
	if raw == nil {
		return 0, nil, nil, record.ErrNoTS
	}
	if !own {
		members = nil
	}
	return end, raw, members, nil
}

// enrich appends one document with the transform's columns. A producer's own values for them are left out.
func (b *batch) enrich(out []byte, s sample) []byte {
	if s.members != nil {
		out = append(out, '{')
		for _, m := range s.members {
			if record.IsEnrichment(m.Key) {
				continue
			}
			out = append(out, '"')
			out = append(out, m.Key...)
			out = append(out, `":`...)
			out = append(out, m.Value...)
			out = append(out, ',')
		}
	} else {
		out = append(out, s.text[:len(s.text)-1]...)
		out = append(out, ',')
	}
	return append(b.enricher.AppendMembers(out, s.ts, s.raw), '}')
}

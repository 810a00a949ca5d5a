package transform

import (
	"bytes"
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
	members []jsonscan.Member
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
	defer func() { b.docs = p.docs[:0] }()
	for i := jsonscan.SkipSpace(p.text, 0); i < len(p.text); i = jsonscan.SkipSpace(p.text, i) {
		members, n, err := jsonscan.Members(b.members[:0], p.text[i:])
		b.members = members[:0]
		if err != nil {
			return p, fmt.Errorf("document %d, from byte %d: %w", len(p.docs), i, err)
		}
		doc := document{start: i, end: i + n}
		if n > maxDocument {
			return p, fmt.Errorf("document %d, from byte %d: %w", len(p.docs), i, errDocTooLarge)
		}
		ts, raw, own, err := b.check(members)
		if err != nil {
			return p, fmt.Errorf("document %d, from byte %d: %w", len(p.docs), i, err)
		}
		doc.hour = record.HourOf(ts)
		p.docs = append(p.docs, doc)
		p.split = p.split || doc.hour != p.docs[0].hour || len(p.out) > maxRecordOutput
		if !p.split {
			p.out = b.enrich(p.out, p.text[doc.start:doc.end], members, own, ts, raw)
		}
		i = doc.end
	}
	if len(p.docs) == 0 {
		return p, errEmpty
	}
	p.split = p.split || len(p.out) > maxRecordOutput
	return p, nil
}

// check finds ts and whether it is plausible. own says that the producer filled columns that are the transform's.
func (b *batch) check(members []jsonscan.Member) (ts float64, raw []byte, own bool, err error) {
	for _, m := range members {
		if !record.EqualFold(m.Key, "ts") {
			own = own || record.IsEnrichment(m.Key)
			continue
		}
		if raw != nil {
			return 0, nil, false, errTwice
		}
		if m.Kind != jsonscan.Number {
			return 0, nil, false, fmt.Errorf("ts is not a number but %s", m.Kind)
		}
		raw = m.Value
	}
	if raw == nil {
		return 0, nil, false, record.ErrNoTS
	}
	if len(raw) > maxTS {
		return 0, nil, false, fmt.Errorf("ts has more than %d digits", maxTS)
	}
	if ts, err = strconv.ParseFloat(string(raw), 64); err != nil {
		return 0, nil, false, fmt.Errorf("ts: %w", err)
	}
	return ts, raw, own, record.CheckTS(ts, b.now)
}

// enrich appends one document with the transform's columns. A producer's own values for them are left out.
func (b *batch) enrich(out, doc []byte, members []jsonscan.Member, own bool, ts float64, raw []byte) []byte {
	if own {
		out = append(out, '{')
		for _, m := range members {
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
		out = append(out, doc[:len(doc)-1]...)
		out = append(out, ',')
	}
	return append(b.enricher.AppendMembers(out, ts, raw), '}')
}

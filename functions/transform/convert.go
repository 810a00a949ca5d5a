package transform

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform/otlp"
	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

var otlpKey = []byte(`"` + otlp.Key + `"`)

// converted is the text of a record without OTLP/JSON. It is valid until the next record is converted.
type converted struct {
	text    []byte
	origins []origin // of the documents of the record, in order; empty if the text is that of the record
	absent  []error  // why samples of OTLP/JSON lack values
}

// origin is a document of a record, and where in the converted text its samples begin.
type origin struct {
	at    int // offset in the converted text
	begin int // offset of the document in the record's text
}

// convert replaces each document of OTLP/JSON in a record's text by the lines of its samples. Other documents stay as they are. If
// convert meets text that is not a JSON object with members, the text from there to the end stays as it is too, and parse says what is wrong
// with it. convert fails if [otlp.Samples] fails for a document.
func (v *invocation) convert(text []byte) (converted, error) {
	if !bytes.Contains(text, otlpKey) {
		return converted{text: text}, nil
	}
	c := converted{text: v.made[:0]}
	defer func() { v.made = c.text[:0] }()
	for i := jsonscan.SkipSpace(text, 0); i < len(text); i = jsonscan.SkipSpace(text, i) {
		c.origins = append(c.origins, origin{len(c.text), i})
		members, n, err := jsonscan.Members(nil, text[i:])
		if err != nil || len(members) == 0 {
			c.text = append(c.text, text[i:]...)
			break
		}
		doc := text[i : i+n]
		i += n
		if !isOTLP(members) {
			c.text = append(append(c.text, doc...), '\n')
			continue
		}
		samples, reasons, err := otlp.Samples(doc)
		if err != nil {
			return c, inDocument(len(c.origins), i-n, err)
		}
		c.absent = append(c.absent, reasons...)
		for _, s := range samples {
			c.text = append(s.AppendJSON(c.text), '\n')
		}
	}
	return c, nil
}

// inDocument says in which document of a record an error is. begin is the document's offset in the record's text.
func inDocument(number, begin int, err error) error {
	return fmt.Errorf("document %d, which begins at byte %d of the text: %w", number, begin, err)
}

// inRecord says in which document of the record an error is. number and begin are those of a document in the converted text.
func (c converted) inRecord(number, begin int, err error) error {
	for i, o := range slices.Backward(c.origins) {
		if o.at <= begin {
			return inDocument(i+1, o.begin, err)
		}
	}
	return inDocument(number, begin, err)
}

func isOTLP(members []jsonscan.Member) bool {
	return slices.ContainsFunc(members, func(m jsonscan.Member) bool { return string(m.Key) == otlp.Key })
}

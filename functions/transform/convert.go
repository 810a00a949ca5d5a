package transform

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform/otlp"
	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

var otlpKey = []byte(`"` + otlp.Key + `"`)

// convert replaces each document of OTLP/JSON in a record's text by the lines of its samples. Other documents stay as they are. If
// convert meets text that is not JSON, the text from there to the end stays as it is too, and parse says what is wrong with it. The
// returned text is valid until the next call. absent has the reasons why samples lack values. convert fails if [otlp.Samples] fails
// for a document.
func (v *invocation) convert(text []byte) (_ []byte, absent []error, err error) {
	if !bytes.Contains(text, otlpKey) {
		return text, nil, nil
	}
	made := v.made[:0]
	defer func() { v.made = made[:0] }()
	number := 0
	for i := jsonscan.SkipSpace(text, 0); i < len(text); i = jsonscan.SkipSpace(text, i) {
		members, n, err := jsonscan.Members(nil, text[i:])
		if err != nil {
			return append(made, text[i:]...), absent, nil
		}
		number++
		doc := text[i : i+n]
		if !isOTLP(members) {
			made = append(append(made, doc...), '\n')
			i += n
			continue
		}
		samples, reasons, err := otlp.Samples(doc)
		if err != nil {
			return nil, nil, fmt.Errorf("document %d, which begins at byte %d of the text: %w", number, i, err)
		}
		absent = append(absent, reasons...)
		for _, s := range samples {
			made = append(s.AppendJSON(made), '\n')
		}
		i += n
	}
	return made, absent, nil
}

func isOTLP(members []jsonscan.Member) bool {
	return slices.ContainsFunc(members, func(m jsonscan.Member) bool { return string(m.Key) == otlp.Key })
}

package transform

// Enrichment adds about enrichmentBytes to a document, and at most maxEnrichment.
const (
	enrichmentBytes = 330
	maxEnrichment   = 360 + maxTS
)

// enrich appends a sample with the transform's columns to out.
func (v *invocation) enrich(out []byte, s sample) []byte {
	if !s.cut {
		out = append(out, s.text[:len(s.text)-1]...)
		out = append(out, ',')
		return append(v.enricher.AppendMembers(out, s.ts, s.raw), '}')
	}
	out = append(out, '{')
	for _, m := range s.kept {
		out = append(out, '"')
		out = append(out, m.Key...)
		out = append(out, `":`...)
		out = append(out, m.Value...)
		out = append(out, ',')
	}
	return append(v.enricher.AppendMembers(out, s.ts, s.raw), '}')
}

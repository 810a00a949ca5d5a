package panels

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Saved is the form of panels' queries for tools that cannot bind values: Athena's saved queries, QuickSight's data sets. It is that of
// [Variables] with a time range that ends when the query runs. So the conditions on partitions compute their bounds from
// the clock. They do so within the condition: Trino's planner turns these expressions into constants, but not columns of a common
// table expression.
type Saved struct {
	Form    Form
	Rollups func(of Rollup) (sql string) // as in [Variables]
	// Spans are the lengths of the time range that can be chosen, in whole hours. The first is the default.
	Spans []time.Duration
	// Hours is the SQL of the chosen length in hours, for example a tool's placeholder. The length is one of Spans. If Hours
	// is empty, the length is always the default.
	Hours string
	// Host, Env and Metric are the SQL of the chosen texts, which are as in [Params]. If one is empty, the query is over all
	// hosts, all environments or the first metric, and has no condition for it.
	Host, Env, Metric string
	Delay             time.Duration // as in [Params]
}

// The charts of saved queries have as many buckets and series as those of the page.
const (
	savedBuckets = 300
	savedSeries  = 12
)

// SQL is a panel's query, as that of [Variables].
func (s Saved) SQL(d Dashboard, p Panel) (string, error) {
	v, err := s.variables()
	if err != nil {
		return "", err
	}
	return v.SQL(d, p)
}

// OTel is a query of the samples with the names of OpenTelemetry. A person who changes it edits what follows the common table
// expression.
func (s Saved) OTel() (string, error) {
	v, err := s.variables()
	if err != nil {
		return "", err
	}
	return "WITH " + OTel + " AS (\n  " + strings.ReplaceAll(record.OTelSelect(s.Form.samples), "\n", "\n  ") + "\n)\nSELECT *\nFROM " + OTel +
		"\nWHERE " + v.between(Rollup{}, v.From, v.To) + "\nORDER BY ts DESC\nLIMIT 1000", nil
}

func (s Saved) variables() (Variables, error) {
	if len(s.Spans) == 0 || s.Form.samples == "" {
		return Variables{}, errors.New("saved queries need a form, and the length of their time range")
	}
	if s.Hours == "" {
		s.Spans = s.Spans[:1]
	}
	span := wholeSeconds(s.Spans[0])
	if len(s.Spans) > 1 {
		span = "3600 * " + s.Hours
	}
	return Variables{
		Form: s.Form, Rollups: s.Rollups, From: "(" + s.Form.now + " - " + span + ")", To: s.Form.now, Span: span,
		Width: s.seconds(func(span time.Duration) time.Duration { return bucketFor(span, savedBuckets) }),
		Host:  s.Host, Env: s.Env, Metric: s.Metric, Delay: s.Delay,
		shortest: slices.Min(s.Spans), longest: slices.Max(s.Spans), slot: s.seconds(slotFor), untilNow: true,
	}, nil
}

// seconds is the SQL of a whole number of seconds that depends on the chosen length of the time range. The function of computes the number
// from that length.
func (s Saved) seconds(of func(span time.Duration) time.Duration) string {
	usual, b := of(s.Spans[0]), strings.Builder{}
	for _, span := range s.Spans[1:] {
		if of(span) != usual {
			b.WriteString(" WHEN " + strconv.Itoa(int(span.Hours())) + " THEN " + wholeSeconds(of(span)))
		}
	}
	if b.Len() == 0 {
		return wholeSeconds(usual)
	}
	return "CASE " + s.Hours + b.String() + " ELSE " + wholeSeconds(usual) + " END"
}

func wholeSeconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

package stack

import (
	"fmt"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Query is a saved query in Athena's SQL.
type Query struct {
	ID          string // of the first panel that has this query
	Name        string
	Description string
	SQL         string
}

// Queries returns the queries that the stack saves in Athena: one for each panel of the dashboards in the menu, one for each of
// [panels.Questions], and one for the samples with OpenTelemetry's names. If two panels have the same query, it returns that once. The
// queries read a table of the workgroup's database. delay is how long it takes until a sample is in the table.
func Queries(table string, delay time.Duration) ([]Query, error) {
	saved := panels.Saved{Form: panels.Athena(`"` + table + `"`), Spans: []time.Duration{24 * time.Hour}, Delay: delay}
	var all []Query
	seen := map[string]bool{}
	for _, d := range append(panels.All(), panels.Dashboard{Title: "Questions", Panels: panels.Questions()}) {
		if d.Hidden {
			continue
		}
		for _, p := range d.Panels {
			if p.AnswerOf != "" {
				continue
			}
			sql, err := saved.SQL(d, p)
			if err != nil {
				return nil, fmt.Errorf("list the queries: %w", err)
			}
			name := d.Title + ": " + p.Title
			if seen[name] {
				name += " (" + string(p.Kind) + ")"
			}
			if !seen[sql] {
				all = append(all, Query{ID: p.ID, Name: name, Description: p.Question, SQL: sql})
			}
			seen[sql], seen[name] = true, true
		}
	}
	saved.Spans = []time.Duration{time.Hour} // a day of all columns would cost much
	sql, err := saved.OTel()
	if err != nil {
		return nil, fmt.Errorf("list the queries: %w", err)
	}
	return append(all, Query{
		ID: "samples-otel", Name: "OpenTelemetry: Samples", SQL: sql, Description: "Which samples are of the last hour? The columns have the names of OpenTelemetry.",
	}), nil
}

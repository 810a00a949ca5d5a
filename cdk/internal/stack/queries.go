package stack

import (
	"fmt"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Query is one question, in Athena's SQL.
type Query struct {
	ID          string // that of the first panel which asks it
	Name        string
	Description string
	SQL         string
}

// Queries are the questions that the stack leaves in Athena, ready to run, over a table of the workgroup's database, in which
// samples are found after a delay. They are the panels of the dashboards in the menu, each query once though two dashboards show
// it, and the questions about the delivery. The page of one host is left out: it asks the same of one host.
func Queries(table string, delay time.Duration) ([]Query, error) {
	saved := panels.Saved{Table: `"` + table + `"`, Spans: []time.Duration{24 * time.Hour}, Delay: delay}
	var all []Query
	seen := map[string]bool{}
	for _, d := range append(panels.All(), panels.Dashboard{Title: "Delivery", Panels: panels.Questions()}) {
		if d.Hidden {
			continue
		}
		for _, p := range d.Panels {
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
	return all, nil
}

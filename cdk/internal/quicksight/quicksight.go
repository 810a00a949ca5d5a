// Package quicksight makes a QuickSight dashboard of the panels: a sheet for each dashboard in the menu, a data set for the
// panels of a sheet whose rows are about the same, a visual for each kind of panel. It is data under the names of QuickSight's API, which are those of
// CloudFormation; package stack makes resources of it.
//
// Every panel is its own SQL, also where QuickSight could compute the same from single samples: so it shows the very numbers
// of the page, and what QuickSight cannot express by its API (anomalies, trends, silence) needs no other way. What viewers
// choose reaches the SQL as parameters of the data sets. One further sheet is over single samples, where QuickSight
// aggregates by itself.
package quicksight

import (
	"fmt"
	"slices"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Board is a dashboard with its data sets.
type Board struct {
	DataSets []DataSet
	sheets   []sheet
}

// object is a JSON object of QuickSight's API.
type object = map[string]any

// New returns the dashboard over a table, such as "metrics"."samples", in which samples are found after a delay.
func New(table string, delay time.Duration) (Board, error) {
	b := builder{
		saved: panels.Saved{
			Table: table, Spans: spans(), Hours: placeholder(hours), Host: chosen(host), Env: chosen(environment),
			Metric: placeholder(metric), Delay: delay,
		},
	}
	choices, err := b.choices()
	if err != nil {
		return Board{}, fmt.Errorf("make the QuickSight dashboard: %w", err)
	}
	for _, d := range panels.All() {
		if d.Hidden { // the page of one host: choosing a host does the same
			continue
		}
		s := sheet{id: d.ID, title: d.Title, description: d.Question, metric: d.Metric, choices: choices}
		if s.visuals, err = b.visuals(d); err != nil {
			return Board{}, fmt.Errorf("make the QuickSight dashboard: %w", err)
		}
		b.sheets = append(b.sheets, s)
	}
	samples, err := b.samples()
	if err != nil {
		return Board{}, fmt.Errorf("make the QuickSight dashboard: %w", err)
	}
	b.sheets = append(b.sheets, sheet{
		id: "samples", title: "Samples", choices: choices,
		description: "Single samples, to look further: totals and load classes are calculated fields of their data set",
		visuals:     samplesVisuals(samples),
	})
	return b.Board, nil
}

// builder collects the data sets that the panels need.
type builder struct {
	Board
	saved panels.Saved
}

// visuals draws the panels of a dashboard, and adds their data sets: one for all panels whose rows are about the same.
func (b *builder) visuals(d panels.Dashboard) ([]visual, error) {
	about := map[string][]part{}
	for _, p := range d.Panels {
		one, err := newPart(b.saved, d, p)
		if err != nil {
			return nil, err
		}
		about[rowsOf(p)] = append(about[rowsOf(p)], one)
	}
	sets := map[string]DataSet{}
	var list []visual
	for _, p := range d.Panels {
		rows := rowsOf(p)
		if _, added := sets[rows]; !added {
			sets[rows] = b.shared(about[rows])
		}
		i := slices.IndexFunc(about[rows], func(one part) bool { return one.panel.ID == p.ID })
		list = append(list, visualsOf(p, DataSet{ID: sets[rows].ID, Columns: about[rows][i].columns})...)
	}
	return list, nil
}

// rowsOf is what a panel's rows are about, as a text.
func rowsOf(p panels.Panel) string { return fmt.Sprint(dimensionsOf(p)) }

// Definition is the dashboard as the API has it. The function gives the ARN of a data set's resource.
func (b Board) Definition(arn func(id string) *string) map[string]any {
	var declared, sheets, filters []any
	for _, set := range b.DataSets {
		declared = append(declared, object{"Identifier": set.ID, "DataSetArn": arn(set.ID)})
	}
	for _, s := range b.sheets {
		sheets = append(sheets, s.definition())
		filters = append(filters, s.filters()...)
	}
	return object{
		"DataSetIdentifierDeclarations": declared,
		"ParameterDeclarations":         declarations(b.DataSets),
		"Sheets":                        sheets,
		"FilterGroups":                  filters,
	}
}

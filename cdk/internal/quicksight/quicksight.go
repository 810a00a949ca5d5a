// Package quicksight describes a QuickSight dashboard of the panels. It has a sheet for each dashboard in the menu and one or
// more visuals for each panel. Panels of a sheet share a data set if their rows have the same dimensions. The description uses
// the names of QuickSight's API, which CloudFormation uses too; package stack makes resources of it.
//
// Each panel's rows come from the panel's own SQL. So QuickSight shows the same numbers as the page, also where its
// own calculations could not make them (anomalies, trends, silence). The choices of a viewer reach the SQL as parameters of the data
// sets. One more sheet shows single samples, and QuickSight aggregates them.
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

// New returns the dashboard over a table of samples and its rollups. Samples appear in the table after a delay.
func New(database, table string, delay time.Duration) (Board, error) {
	quoted := func(table string) string { return `"` + database + `"."` + table + `"` }
	b := builder{
		saved: panels.Saved{
			Form: panels.Athena(quoted(table)), Rollups: func(of panels.Rollup) string { return quoted(of.TableOf(table)) },
			Spans: spans(), Hours: placeholder(hours), Host: chosen(host), Env: chosen(environment),
			Metric: placeholder(metric), Delay: delay,
		},
	}
	choices, err := b.choices()
	if err != nil {
		return Board{}, fmt.Errorf("make the QuickSight dashboard: %w", err)
	}
	for _, d := range panels.All() {
		if d.Hidden { // for example the page of one host: in QuickSight, a viewer chooses the host on each sheet
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
		description: "Single samples, for questions that no panel answers. Totals and load classes are calculated fields of the data set.",
		visuals:     samplesVisuals(samples),
	})
	return b.Board, nil
}

// builder collects the data sets that the panels need.
type builder struct {
	Board
	saved panels.Saved
}

// visuals returns the visuals of a dashboard's panels and adds their data sets. Panels with the same dimensions share one.
func (b *builder) visuals(d panels.Dashboard) ([]visual, error) {
	byRows := map[string][]part{}
	// Leave out a panel that shows the rows of another panel once more: QuickSight has no chart like the page's map of hosts.
	list := slices.DeleteFunc(slices.Clone(d.Panels), func(p panels.Panel) bool { return p.AnswerOf != "" })
	for _, p := range list {
		one, err := newPart(b.saved, d, p)
		if err != nil {
			return nil, err
		}
		byRows[rowsOf(p)] = append(byRows[rowsOf(p)], one)
	}
	sets := map[string]DataSet{}
	var all []visual
	for _, p := range list {
		rows := rowsOf(p)
		if _, added := sets[rows]; !added {
			sets[rows] = b.shared(byRows[rows])
		}
		i := slices.IndexFunc(byRows[rows], func(one part) bool { return one.panel.ID == p.ID })
		all = append(all, visualsOf(p, DataSet{ID: sets[rows].ID, Columns: byRows[rows][i].columns})...)
	}
	return all, nil
}

// rowsOf returns the dimensions of a panel's rows as a text.
func rowsOf(p panels.Panel) string { return fmt.Sprint(dimensionsOf(p)) }

// Definition returns the dashboard in the API's form. arn returns the ARN of a data set's resource.
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

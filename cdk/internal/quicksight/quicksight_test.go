package quicksight_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/quicksight"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// make validate checks shapes, lengths and patterns against AWS's own model of the API. make trino-check and make emulator run the SQL.
// The tests here check the rest.

func board(t *testing.T) quicksight.Board {
	t.Helper()
	b, err := quicksight.New("m", "s", 6*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// definition returns the dashboard as JSON. The ARN of a data set is its id.
func definition(t *testing.T) map[string]any {
	t.Helper()
	text, err := json.Marshal(board(t).Definition(func(id string) *string { return &id }))
	if err != nil {
		t.Fatal(err)
	}
	var d map[string]any
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// drawnAs says which visual draws each kind of panel.
var drawnAs = map[panels.Kind]string{
	panels.Stat: "KPIVisual", panels.Gauge: "GaugeChartVisual", panels.Trend: "LineChartVisual", panels.Lines: "LineChartVisual", panels.Layers: "LineChartVisual",
	panels.Fleet: "LineChartVisual", panels.HostRows: "LineChartVisual",
	panels.Series: "LineChartVisual", panels.Area: "LineChartVisual", panels.Band: "LineChartVisual", panels.Bar: "BarChartVisual",
	panels.Stack: "BarChartVisual", panels.Scatter: "ScatterPlotVisual", panels.HeatMap: "HeatMapVisual",
	panels.Box: "BoxPlotVisual", panels.Table: "TableVisual", panels.Problems: "TableVisual",
}

// Each dashboard of the menu is a sheet, in the order of the menu. It has each panel in the visual of its kind, with all quantities of the
// panel. The last sheet exists only in QuickSight.
func TestEveryPanelIsDrawn(t *testing.T) {
	sheets := list(t, definition(t)["Sheets"])
	for _, d := range panels.All() {
		if d.Hidden {
			continue
		}
		s := object(t, sheets[0])
		sheets = sheets[1:]
		if s["SheetId"] != d.ID || s["Name"] != d.Title || s["Description"] != d.Question {
			t.Errorf("sheet %v, want %s", s["SheetId"], d.ID)
		}
		left := map[string]string{} // id to kind
		fields := map[string]bool{}
		for _, v := range list(t, s["Visuals"]) {
			for kind, body := range object(t, v) {
				left[object(t, body)["VisualId"].(string)] = kind
				for _, id := range find(body, "FieldId") {
					fields[id.(string)] = true
				}
			}
		}
		for _, p := range d.Panels {
			if p.AnswerOf != "" {
				continue
			}
			found := 0
			shown := map[string]bool{}
			for id, kind := range left {
				if id != p.ID && !strings.HasPrefix(id, p.ID+"-") {
					continue
				}
				found++
				if kind != drawnAs[p.Kind] {
					t.Errorf("%s, a panel of kind %s, is a %s", id, p.Kind, kind)
				}
				for field := range fields {
					if column, ok := strings.CutPrefix(field, id+"."); ok {
						shown[column] = true
					}
				}
				delete(left, id)
			}
			if found == 0 {
				t.Errorf("%s is not drawn", p.ID)
			}
			for i, v := range p.Values {
				column := v.Column
				if p.Kind == panels.Box { // it has a row for each of the five numbers
					column = "value"
				}
				if !shown[column] && (p.Kind != panels.HeatMap || i == 0) {
					t.Errorf("%s does not show %s", p.ID, v.Column)
				}
			}
			for _, by := range []panels.Dimension{p.By, p.Across, p.Group} {
				if by != "" && !shown[string(by)] {
					t.Errorf("%s does not say its %s", p.ID, by)
				}
			}
		}
		for id := range left {
			t.Errorf("%s is the visual of no panel of %s", id, d.ID)
		}
	}
	if len(sheets) != 1 || object(t, sheets[0])["SheetId"] != "samples" {
		t.Errorf("%d sheets are left, want the one of samples", len(sheets))
	}
}

// If a visual or a control names a column and a data set, the data set has the column. Every data set is in use.
func TestColumnsExist(t *testing.T) {
	columns := map[string][]string{}
	for _, set := range board(t).DataSets {
		for _, c := range set.Columns {
			if slices.ContainsFunc(columns[set.ID], func(other string) bool { return strings.EqualFold(other, c.Name) }) {
				t.Errorf("data set %s has two columns %q", set.ID, c.Name)
			}
			columns[set.ID] = append(columns[set.ID], c.Name)
		}
		for _, c := range set.Calculated {
			columns[set.ID] = append(columns[set.ID], c.Name)
		}
	}
	used := map[string]bool{}
	for _, v := range append(find(definition(t), "Column"), find(definition(t), "LinkToDataSetColumn")...) {
		id, name := object(t, v)["DataSetIdentifier"].(string), object(t, v)["ColumnName"].(string)
		used[id] = true
		if !slices.Contains(columns[id], name) {
			t.Errorf("data set %q has no column %q", id, name)
		}
	}
	for id := range columns {
		if !used[id] {
			t.Errorf("nothing shows data set %s", id)
		}
	}
}

// find returns all values under a key, at any depth. They are in order, except for those in different members of one object.
func find(v any, key string) []any {
	var found []any
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			if name == key {
				found = append(found, value)
			} else {
				found = append(found, find(value, key)...)
			}
		}
	case []any:
		for _, value := range v {
			found = append(found, find(value, key)...)
		}
	}
	return found
}

func list(t *testing.T, v any) []any {
	t.Helper()
	l, ok := v.([]any)
	if !ok {
		t.Fatalf("%T is no list", v)
	}
	return l
}

func object(t *testing.T, v any) map[string]any {
	t.Helper()
	o, ok := v.(map[string]any)
	if !ok {
		t.Fatalf("%T is no object", v)
	}
	return o
}

package quicksight_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// QuickSight allows 50 data sets in a dashboard (quicksight API reference, DashboardVersionDefinition,
// DataSetIdentifierDeclarations). Ten are kept for new panels, because only a deployment would show that there are too many.
func TestLimits(t *testing.T) {
	d := definition(t)
	if n := len(list(t, d["DataSetIdentifierDeclarations"])); n > 40 || n != len(board(t).DataSets) {
		t.Errorf("%d data sets, QuickSight takes 50 and ten shall be free: let panels whose rows are about the same share one", n)
	}
	if n := len(list(t, d["Sheets"])); n > 20 {
		t.Errorf("%d sheets, QuickSight takes 20", n)
	}
	for _, s := range list(t, d["Sheets"]) {
		if n := len(list(t, object(t, s)["Visuals"])); n > 50 {
			t.Errorf("sheet %v has %d visuals, QuickSight takes 50", object(t, s)["SheetId"], n)
		}
	}
	for _, p := range list(t, d["ParameterDeclarations"]) {
		for _, declaration := range object(t, p) {
			if n := len(list(t, object(t, declaration)["MappedDataSetParameters"])); n > 150 || n == 0 {
				t.Errorf("parameter %v goes to %d data sets, QuickSight takes 150", object(t, declaration)["Name"], n)
			}
		}
	}
	for _, set := range board(t).DataSets {
		if len(set.SQL) > 65536 {
			t.Errorf("the SQL of %s has %d bytes", set.ID, len(set.SQL))
		}
	}
}

// Several panels may share a data set. Each visual shows only the rows of its own panel.
func TestVisualsShowTheirPanelsRows(t *testing.T) {
	sql := map[string]string{}
	for _, set := range board(t).DataSets {
		sql[set.ID] = set.SQL
	}
	d := definition(t)
	filtered := map[string]string{} // visual to panel
	for _, g := range list(t, d["FilterGroups"]) {
		panel := find(g, "CategoryValues")[0].([]any)[0].(string)
		column := object(t, find(g, "Column")[0])
		if set := column["DataSetIdentifier"].(string); column["ColumnName"] != "Panel" || !strings.Contains(sql[set], "SELECT '"+panel+`' AS "Panel"`) {
			t.Errorf("data set %s has no rows of %s", set, panel)
		}
		for _, v := range find(g, "VisualIds")[0].([]any) {
			filtered[v.(string)] = panel
		}
	}
	for _, s := range list(t, d["Sheets"]) {
		for _, v := range list(t, object(t, s)["Visuals"]) {
			id := find(v, "VisualId")[0].(string)
			panel, ok := filtered[id]
			if ok == (object(t, s)["SheetId"] == "samples") || ok && id != panel && !strings.HasPrefix(id, panel+"-") {
				t.Errorf("visual %s shows the rows of %q", id, panel)
			}
		}
	}
}

func TestIDsAreUnique(t *testing.T) {
	for _, key := range []string{"VisualId", "FieldId", "ParameterControlId", "FilterGroupId", "FilterId", "Identifier"} {
		seen := map[any]bool{}
		for _, id := range find(definition(t), key) {
			// Sorts and options refer to fields by this key, too.
			if seen[id] && key != "FieldId" {
				t.Errorf("%s %v is there twice", key, id)
			}
			seen[id] = true
		}
		if len(seen) == 0 {
			t.Errorf("there is no %s", key)
		}
	}
	of := map[any]any{} // field id to visual
	for _, s := range list(t, definition(t)["Sheets"]) {
		for _, v := range list(t, object(t, s)["Visuals"]) {
			id := find(v, "VisualId")[0]
			for _, field := range find(v, "FieldId") {
				if of[field] != nil && of[field] != id {
					t.Errorf("field %v is of %v and of %v", field, of[field], id)
				}
				of[field] = id
			}
		}
	}
}

// Only sheets with a panel for a chosen metric have the control that chooses it.
func TestControls(t *testing.T) {
	metric := map[string]bool{}
	for _, d := range panels.All() {
		metric[d.ID] = d.Metric
	}
	for _, s := range list(t, definition(t)["Sheets"]) {
		id := object(t, s)["SheetId"].(string)
		var names []string
		for _, name := range find(object(t, s)["ParameterControls"], "SourceParameterName") {
			names = append(names, name.(string))
		}
		want := []string{"hours", "host", "environment"}
		if metric[id] {
			want = append(want, "metric")
		}
		if !slices.Equal(names, want) {
			t.Errorf("sheet %s has controls %v, want %v", id, names, want)
		}
	}
}

// Every visual and control is within the grid, and none overlaps another.
func TestLayout(t *testing.T) {
	for _, s := range list(t, definition(t)["Sheets"]) {
		sheet := object(t, s)
		place(t, sheet["SheetControlLayouts"], find(sheet["ParameterControls"], "ParameterControlId"))
		place(t, sheet["Layouts"], find(sheet["Visuals"], "VisualId"))
	}
}

func place(t *testing.T, layouts any, ids []any) {
	t.Helper()
	taken := map[[2]int]any{}
	var placed []any
	for _, e := range list(t, find(layouts, "Elements")[0]) {
		element := object(t, e)
		id := element["ElementId"]
		placed = append(placed, id)
		number := func(key string) int { return int(element[key].(float64)) }
		if number("ColumnIndex")+number("ColumnSpan") > 36 {
			t.Errorf("%v ends beyond the grid", id)
		}
		for x := range number("ColumnSpan") {
			for y := range number("RowSpan") {
				cell := [2]int{number("ColumnIndex") + x, number("RowIndex") + y}
				if taken[cell] != nil {
					t.Fatalf("%v lies on %v", id, taken[cell])
				}
				taken[cell] = id
			}
		}
	}
	if fmt.Sprint(placed) != fmt.Sprint(ids) {
		t.Errorf("placed are %v, want %v", placed, ids)
	}
}

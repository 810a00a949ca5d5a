package quicksight

import (
	"slices"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Column is a column of a data set.
type Column struct {
	Name  string // in the query
	Label string // in QuickSight
	Type  string // STRING, INTEGER, DECIMAL or DATETIME

	sql  string // of it in the panel's result
	unit panels.Unit
}

// column is the column of a name. Visuals ask for those that their panel has.
func (s DataSet) column(name string) Column {
	i := slices.IndexFunc(s.Columns, func(c Column) bool { return c.Name == name })
	return s.Columns[i]
}

// identifier names a column to the visuals.
func (c Column) identifier(s DataSet) object {
	return object{"DataSetIdentifier": s.ID, "ColumnName": c.Label}
}

// columnsOf are the columns of a panel's result that its visuals show, each with a label of its own.
func columnsOf(p panels.Panel) []Column {
	var list []Column
	add := func(c Column) {
		taken := func(label string) bool {
			return slices.ContainsFunc(list, func(other Column) bool { return other.Label == label })
		}
		if slices.ContainsFunc(list, func(other Column) bool { return other.Name == c.Name }) {
			return
		}
		if taken(c.Label) {
			c.Label += " (" + c.Name + ")"
		}
		list = append(list, c)
	}
	for _, d := range dimensionsOf(p) {
		add(dimension(d))
	}
	if p.Kind == panels.Box {
		add(Column{Name: "value", Label: "Value", Type: "DECIMAL", sql: "CAST(number.value AS double)", unit: p.Values[0].Unit})
		return list
	}
	for _, v := range p.Values {
		add(quantity(v.Column, v.Label, v.Unit))
		switch p.Kind {
		case panels.Band:
			add(quantity(v.Low, "Usual, lowest", v.Unit))
			add(quantity(v.High, "Usual, highest", v.Unit))
		case panels.Table:
			if v.Host != "" {
				add(text(v.Host, v.Label+", of"))
			}
			if v.UnitColumn != "" {
				add(Column{
					Name: v.UnitColumn, Label: "Unit", Type: "STRING",
					sql: "CASE " + v.UnitColumn + " WHEN 'percent' THEN '%' WHEN 'per_s' THEN '/s' WHEN 'duration' THEN 's' ELSE " + v.UnitColumn + " END",
				})
			}
		}
	}
	return list
}

// dimensionsOf are what the rows of a panel's result are about.
func dimensionsOf(p panels.Panel) []panels.Dimension {
	list := []panels.Dimension{p.By, p.Across, p.Group}
	switch p.Kind {
	case panels.Trend, panels.Lines, panels.Series, panels.Area, panels.Band:
		list = append(list, panels.ByTime)
	}
	return slices.DeleteFunc(list, func(d panels.Dimension) bool { return d == "" })
}

// dimension is the column of a dimension, as QuickSight can sort and show it.
func dimension(d panels.Dimension) Column {
	name := string(d)
	switch d {
	case panels.ByTime:
		return moment(name, "Time")
	case panels.ByDay:
		return moment(name, "Day")
	case panels.ByHour:
		return Column{Name: name, Label: "Hour", Type: "STRING", sql: "lpad(CAST(CAST(hour AS integer) AS varchar), 2, '0')"}
	case panels.ByWeekday:
		return Column{
			Name: name, Label: "Weekday", Type: "STRING",
			sql: "element_at(ARRAY['1 Monday', '2 Tuesday', '3 Wednesday', '4 Thursday', '5 Friday', '6 Saturday', '7 Sunday'], " +
				"CAST(weekday AS integer) + 1)",
		}
	case panels.ByEnv:
		return text(name, "Environment")
	default:
		return text(name, "Host")
	}
}

func quantity(name, label string, unit panels.Unit) Column {
	switch unit {
	case panels.Text:
		return text(name, label)
	case panels.Time:
		return moment(name, label)
	case panels.Duration: // QuickSight formats numbers only
		return Column{Name: name, Label: label, Type: "DECIMAL", sql: "CAST(" + name + " AS double) / 3600", unit: unit}
	default:
		return Column{Name: name, Label: label, Type: "DECIMAL", sql: "CAST(" + name + " AS double)", unit: unit}
	}
}

func text(name, label string) Column {
	return Column{Name: name, Label: label, Type: "STRING", sql: "CAST(" + name + " AS varchar)"}
}

// moment is a column of Unix seconds.
func moment(name, label string) Column {
	return Column{
		Name: name, Label: label, Type: "DATETIME", sql: "CAST(from_unixtime(" + name + ") AS timestamp)", unit: panels.Time,
	}
}

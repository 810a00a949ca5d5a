package quicksight

import (
	"slices"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Column is a column of a data set.
type Column struct {
	Name string // that people see
	Type string // STRING, INTEGER, DECIMAL or DATETIME

	of   string // its name in the panel's result
	sql  string // expression over the panel's result
	unit panels.Unit
}

// column returns the column with this name in the panel's result. The panel must have it.
func (s DataSet) column(of string) Column {
	i := slices.IndexFunc(s.Columns, func(c Column) bool { return c.of == of })
	return s.Columns[i]
}

// identifier returns the form in which visuals refer to a column.
func (c Column) identifier(s DataSet) object {
	return object{"DataSetIdentifier": s.ID, "ColumnName": c.Name}
}

// columnsOf returns the columns of a panel's result that its visuals show. Each has a different name.
func columnsOf(p panels.Panel) []Column {
	var list []Column
	add := func(c Column) {
		if slices.ContainsFunc(list, func(other Column) bool { return other.of == c.of }) {
			return
		}
		if slices.ContainsFunc(list, func(other Column) bool { return strings.EqualFold(other.Name, c.Name) }) {
			c.Name += " (" + c.of + ")"
		}
		list = append(list, c)
	}
	for _, d := range dimensionsOf(p) {
		add(dimension(d))
	}
	if p.Kind == panels.Box {
		add(Column{of: "value", Name: "Value", Type: "DECIMAL", sql: "CAST(number.value AS double)", unit: p.Values[0].Unit})
		return list
	}
	for _, v := range p.Values {
		add(quantity(v.Column, v.Label, v.Unit))
		switch p.Kind {
		case panels.Band:
			add(quantity(v.Low, "Usual, lowest", v.Unit))
			add(quantity(v.High, "Usual, highest", v.Unit))
		case panels.Table, panels.Problems:
			if v.Host != "" {
				add(text(v.Host, v.Label+", of"))
			}
			if v.UnitColumn != "" {
				add(Column{
					of: v.UnitColumn, Name: "Unit", Type: "STRING",
					sql: "CASE " + v.UnitColumn + " WHEN 'percent' THEN '%' WHEN 'per_s' THEN '/s' WHEN 'duration' THEN 's' ELSE " + v.UnitColumn + " END",
				})
			}
		}
	}
	return list
}

// dimensionsOf returns the dimensions of the rows in a panel's result.
func dimensionsOf(p panels.Panel) []panels.Dimension {
	list := []panels.Dimension{p.By, p.Across, p.Group}
	switch p.Kind {
	case panels.Trend, panels.Lines, panels.Fleet, panels.HostRows, panels.Layers, panels.Series, panels.Area, panels.Band:
		list = append(list, panels.ByTime)
	}
	return slices.DeleteFunc(list, func(d panels.Dimension) bool { return d == "" })
}

// dimension returns the column of a dimension in a form that QuickSight can sort and show.
func dimension(d panels.Dimension) Column {
	of := string(d)
	switch d {
	case panels.ByTime:
		return moment(of, "Time")
	case panels.ByDay:
		return moment(of, "Day")
	case panels.ByHour:
		return Column{of: of, Name: "Hour", Type: "STRING", sql: "lpad(CAST(CAST(hour AS integer) AS varchar), 2, '0')"}
	case panels.ByWeekday:
		return Column{
			of: of, Name: "Weekday", Type: "STRING",
			sql: "element_at(ARRAY['1 Monday', '2 Tuesday', '3 Wednesday', '4 Thursday', '5 Friday', '6 Saturday', '7 Sunday'], " +
				"CAST(weekday AS integer) + 1)",
		}
	case panels.ByEnv:
		return text(of, "Environment")
	case panels.ByProcess:
		return text(of, "Process")
	case panels.ByName:
		return text(of, "Name")
	default:
		return text(of, "Host")
	}
}

func quantity(of, name string, unit panels.Unit) Column {
	switch unit {
	case panels.Text:
		return text(of, name)
	case panels.Time:
		return moment(of, name)
	case panels.Duration: // QuickSight formats numbers only
		return Column{of: of, Name: name, Type: "DECIMAL", sql: "CAST(" + of + " AS double) / 3600", unit: unit}
	default:
		return Column{of: of, Name: name, Type: "DECIMAL", sql: "CAST(" + of + " AS double)", unit: unit}
	}
}

func text(of, name string) Column {
	return Column{of: of, Name: name, Type: "STRING", sql: "CAST(" + of + " AS varchar)"}
}

// moment is a column of Unix seconds.
func moment(of, name string) Column {
	return Column{of: of, Name: name, Type: "DATETIME", sql: "CAST(from_unixtime(" + of + ") AS timestamp)", unit: panels.Time}
}

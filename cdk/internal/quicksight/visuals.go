package quicksight

import (
	"slices"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// visualsOf returns the visuals of a panel over its data set. A panel has one visual for each value or unit if QuickSight's kind
// of visual shows only one. Otherwise it has one visual.
func visualsOf(p panels.Panel, set DataSet) []visual {
	width := p.Width
	if width == 0 {
		width = 6
	}
	whole := visual{
		id: p.ID, title: p.Title, question: p.Question, width: width * sheetWidth / 12, height: chartHeight, set: set.ID, panel: p.ID,
	}
	switch p.Kind {
	case panels.Stat:
		whole.kind, whole.width, whole.height, whole.question = "KPIVisual", sheetWidth/6, numberHeight, ""
		return each(whole, p, set, kpi)
	case panels.Gauge:
		whole.kind, whole.width, whole.height, whole.question = "GaugeChartVisual", sheetWidth/4, numberHeight, ""
		return each(whole, p, set, gauge)
	case panels.Lines, panels.Fleet, panels.HostRows, panels.Layers:
		whole.kind = "LineChartVisual"
		return each(whole, p, set, lines)
	case panels.Trend, panels.Series, panels.Area:
		whole.kind = "LineChartVisual"
		return eachUnit(whole, p, set, series)
	case panels.Bar, panels.Stack:
		whole.kind = "BarChartVisual"
		return eachUnit(whole, p, set, bars)
	}
	f := fields{whole.id, set}
	switch p.Kind {
	case panels.Scatter:
		whole.kind, whole.configuration = "ScatterPlotVisual", scatter(p, f)
	case panels.HeatMap:
		whole.kind, whole.configuration = "HeatMapVisual", heatMap(p, f)
	case panels.Box:
		whole.kind, whole.configuration = "BoxPlotVisual", boxes(p, f)
	case panels.Band:
		whole.kind, whole.configuration = "LineChartVisual", band(p, f)
	default:
		whole.kind, whole.configuration = "TableVisual", table(p, f)
	}
	return []visual{whole}
}

// draws returns the configuration of a visual for some values of a panel.
type draws func(p panels.Panel, f fields, values []panels.Value) object

// each makes a visual for each value.
func each(whole visual, p panels.Panel, set DataSet, draw draws) []visual {
	groups := make([][]panels.Value, len(p.Values))
	for i, v := range p.Values {
		groups[i] = []panels.Value{v}
	}
	return drawn(whole, p, set, groups, draw)
}

// eachUnit makes a visual for the values of each unit, because a chart has one scale.
func eachUnit(whole visual, p panels.Panel, set DataSet, draw draws) []visual {
	var groups [][]panels.Value
	for _, v := range p.Values {
		i := slices.IndexFunc(groups, func(g []panels.Value) bool { return g[0].Unit == v.Unit })
		if i < 0 {
			groups = append(groups, []panels.Value{v})
			continue
		}
		groups[i] = append(groups[i], v)
	}
	return drawn(whole, p, set, groups, draw)
}

func drawn(whole visual, p panels.Panel, set DataSet, groups [][]panels.Value, draw draws) []visual {
	list := make([]visual, len(groups))
	for i, values := range groups {
		v := whole
		if len(groups) > 1 {
			v.id += "-" + values[0].Column
			if v.title != values[0].Label {
				v.title += ": " + values[0].Label
			}
		}
		v.configuration = draw(p, fields{v.id, set}, values)
		list[i] = v
	}
	return list
}

func kpi(_ panels.Panel, f fields, values []panels.Value) object {
	return object{"FieldWells": object{"Values": f.measures(values)}}
}

func gauge(_ panels.Panel, f fields, values []panels.Value) object {
	return object{
		"FieldWells": object{"Values": f.measures(values)},
		"GaugeChartOptions": object{
			"PrimaryValueDisplayType": "ACTUAL",
			"ArcAxis":                 object{"Range": object{"Min": 0, "Max": 100}},
		},
	}
}

// lines draws a line or a layer for each value of By.
func lines(p panels.Panel, f fields, values []panels.Value) object {
	kind := "LINE"
	if p.Kind == panels.Layers {
		kind = "STACKED_AREA"
	}
	return lineChart(kind, values, object{
		"Category": []any{f.dimension(string(panels.ByTime))},
		"Colors":   []any{f.dimension(string(p.By))},
		"Values":   f.measures(values),
	})
}

// series draws a line or an area for each quantity.
func series(p panels.Panel, f fields, values []panels.Value) object {
	kind := "LINE"
	if p.Kind == panels.Area {
		kind = "STACKED_AREA"
	}
	return lineChart(kind, values, object{
		"Category": []any{f.dimension(string(panels.ByTime))},
		"Values":   f.measures(values),
	})
}

// band draws a quantity with the lowest and highest usual value that the SQL computes. QuickSight's own anomaly detection has no
// API. The visual has one small multiple, whose title is the host.
func band(p panels.Panel, f fields) object {
	v := p.Values[0]
	return lineChart("LINE", nil, object{
		"Category":       []any{f.dimension(string(panels.ByTime))},
		"Values":         []any{f.measure(v.Column), f.measure(v.Low), f.measure(v.High)},
		"SmallMultiples": []any{f.dimension(string(p.By))},
	})
}

func lineChart(kind string, values []panels.Value, wells object) object {
	c := object{"FieldWells": object{"LineChartAggregatedFieldWells": wells}, "Type": kind}
	if lines := thresholds(values); lines != nil {
		c["ReferenceLines"] = lines
	}
	return c
}

// bars draws a group of bars for each value of By. Hosts are sorted by the first quantity, others by By.
func bars(p panels.Panel, f fields, values []panels.Value) object {
	c := object{
		"FieldWells": object{"BarChartAggregatedFieldWells": object{
			"Category": []any{f.dimension(string(p.By))},
			"Values":   f.measures(values),
		}},
		"Orientation": "VERTICAL", "BarsArrangement": "CLUSTERED",
		"SortConfiguration": object{"CategorySort": f.sorted(string(p.By), ascending)},
	}
	if p.Kind == panels.Stack {
		c["BarsArrangement"] = "STACKED"
	}
	if p.By == panels.ByHost {
		c["Orientation"] = "HORIZONTAL"
		c["SortConfiguration"] = object{"CategorySort": f.sorted(values[0].Column, descending)}
	}
	if lines := thresholds(values); lines != nil {
		c["ReferenceLines"] = lines
	}
	return c
}

func scatter(p panels.Panel, f fields) object {
	return object{"FieldWells": object{"ScatterPlotCategoricallyAggregatedFieldWells": object{
		"XAxis":    []any{f.measure(p.Values[0].Column)},
		"YAxis":    []any{f.measure(p.Values[1].Column)},
		"Category": []any{f.dimension(string(p.Group))},
		"Label":    []any{f.dimension(string(p.By))},
	}}}
}

func heatMap(p panels.Panel, f fields) object {
	rows, columns := string(p.By), string(p.Across)
	return object{
		"FieldWells": object{"HeatMapAggregatedFieldWells": object{
			"Rows":    []any{f.dimension(rows)},
			"Columns": []any{f.dimension(columns)},
			"Values":  []any{f.measure(p.Values[0].Column)},
		}},
		"SortConfiguration": object{
			"HeatMapRowSort":    f.sorted(rows, ascending),
			"HeatMapColumnSort": f.sorted(columns, ascending),
			// The panel of anomalies has the longest axis, with about 120 slots.
			"HeatMapRowItemsLimitConfiguration":    object{"ItemsLimit": 60, "OtherCategories": "EXCLUDE"},
			"HeatMapColumnItemsLimitConfiguration": object{"ItemsLimit": 150, "OtherCategories": "EXCLUDE"},
		},
	}
}

// boxes draws boxes from rows (see fiveNumbers). QuickSight computes the quartiles.
func boxes(p panels.Panel, f fields) object {
	return object{"FieldWells": object{"BoxPlotAggregatedFieldWells": object{
		"GroupBy": []any{f.dimension(string(p.By))},
		"Values":  []any{object{"NumericalMeasureField": f.number("value")}},
	}}}
}

// table shows the rows, sorted by the first quantity in descending order.
func table(p panels.Panel, f fields) object {
	columns := make([]any, len(f.set.Columns))
	for i, c := range f.set.Columns {
		columns[i] = f.unaggregated(c)
	}
	first := p.Values[slices.IndexFunc(p.Values, func(v panels.Value) bool {
		return v.Unit != panels.Text && v.Unit != panels.OfRow
	})]
	return object{
		"FieldWells":        object{"TableUnaggregatedFieldWells": object{"Values": columns}},
		"SortConfiguration": object{"RowSort": f.sorted(first.Column, descending)},
	}
}

func (f fields) measures(values []panels.Value) []any {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = f.measure(v.Column)
	}
	return list
}

// thresholds returns lines at the thresholds of the values, or nil if no value has a threshold.
func thresholds(values []panels.Value) []any {
	var list []any
	for _, v := range values {
		if v.Thresholds == nil || len(list) > 0 { // the values of a chart have the same thresholds
			continue
		}
		for _, line := range []struct {
			at     float64
			colour string
		}{{v.Thresholds.Warn, "#B7791F"}, {v.Thresholds.Critical, "#C53030"}} {
			list = append(list, object{
				"DataConfiguration":  object{"StaticConfiguration": object{"Value": line.at}},
				"StyleConfiguration": object{"Pattern": "DASHED", "Color": line.colour},
			})
		}
	}
	return list
}

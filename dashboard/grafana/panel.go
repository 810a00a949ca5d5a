package grafana

import (
	"github.com/grafana/grafana-foundation-sdk/go/barchart"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	sdk "github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/gauge"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
	"github.com/grafana/grafana-foundation-sdk/go/xychart"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// shape is how Grafana draws a kind of panel.
type shape struct {
	kind     string // id of Grafana's panel
	overTime bool   // the answer is series over time
	rows     bool   // the viewer sees rows: texts beside the values are shown
	height   uint32
	columns  []string // further numbers that the query has for the kind
	draw     func(p panels.Panel, made *sdk.Panel)
}

// shapes are the kinds that Grafana can draw.
var shapes = map[panels.Kind]shape{
	panels.Stat:     {kind: "stat", height: 5, draw: drawStat},
	panels.Trend:    {kind: "stat", height: 5, overTime: true, draw: drawTrend},
	panels.Gauge:    {kind: "gauge", height: 6, draw: drawGauge},
	panels.Lines:    {kind: "timeseries", height: 8, overTime: true, draw: drawLines},
	panels.Fleet:    {kind: "timeseries", height: 8, overTime: true, draw: drawLines},
	panels.Series:   {kind: "timeseries", height: 8, overTime: true, draw: drawLines},
	panels.Layers:   {kind: "timeseries", height: 8, overTime: true, draw: drawStacked},
	panels.Area:     {kind: "timeseries", height: 8, overTime: true, draw: drawStacked},
	panels.Band:     {kind: "timeseries", height: 8, overTime: true, columns: []string{"median", "low", "high"}, draw: drawBand},
	panels.HostRows: {kind: "state-timeline", height: 10, overTime: true, draw: drawRows},
	panels.Bar:      {kind: "barchart", height: 8, draw: drawBars(common.StackingModeNone)},
	panels.Stack:    {kind: "barchart", height: 8, draw: drawBars(common.StackingModeNormal)},
	panels.Scatter:  {kind: "xychart", height: 8, draw: drawScatter},
	panels.HeatMap:  {kind: "table", height: 10, draw: drawMatrix},
	panels.Box:      {kind: "table", height: 10, rows: true, draw: drawTable},
	panels.Table:    {kind: "table", height: 10, rows: true, draw: drawTable},
	panels.Head:     {kind: "table", height: 5, rows: true, draw: drawTable},
	panels.Problems: {kind: "table", height: 8, rows: true, draw: drawTable},
}

// shapeOf returns how Grafana draws a panel. ok is false if it cannot.
func shapeOf(p panels.Panel) (s shape, ok bool) {
	if p.Kind == panels.HeatMap && p.Across == panels.ByTime {
		return shapes[panels.HostRows], true
	}
	s, ok = shapes[p.Kind]
	return s, ok
}

// panel is the panel without its query, number and place.
func (s shape) panel(o Options, p panels.Panel) sdk.Panel {
	made := *sdk.NewPanel()
	made.Type, made.Title, made.Description, made.Datasource = s.kind, ptr(p.Title), ptr(p.Question), fromVariable(o.Engine)
	made.FieldConfig = &sdk.FieldConfigSource{Overrides: []sdk.DashboardFieldConfigSourceOverrides{}}
	if p.Empty != "" {
		made.FieldConfig.Defaults.NoValue = ptr(p.Empty)
	}
	if s.overTime {
		made.MaxDataPoints = ptr(300.0) // as the page
	}
	made.FieldConfig.Defaults.Thresholds = thresholds(nil)
	for _, v := range p.Values {
		properties := []sdk.DynamicConfigValue{{Id: "displayName", Value: s.label(p, v)}}
		if unit := unitOf[v.Unit]; unit != "" {
			properties = append(properties, sdk.DynamicConfigValue{Id: "unit", Value: unit})
		}
		if v.Thresholds != nil {
			properties = append(properties, sdk.DynamicConfigValue{Id: "thresholds", Value: thresholds(v.Thresholds)})
			if s.kind == "table" {
				properties = append(properties, sdk.DynamicConfigValue{Id: "custom.cellOptions", Value: map[string]string{"type": "color-text"}})
			}
		}
		if v.Below && s.kind == "timeseries" {
			properties = append(properties, sdk.DynamicConfigValue{Id: "custom.transform", Value: common.GraphTransformNegativeY})
		}
		made.FieldConfig.Overrides = append(made.FieldConfig.Overrides, byName(v.Column, properties...))
	}
	if p.By == panels.ByHost && s.rows {
		link := map[string]string{"title": "All of this host", "url": "/d/" + o.uid(panels.Dashboard{ID: "host"}) + "?${datasource:queryparam}&var-host=${__value.raw}&${__url_time_range}"}
		made.FieldConfig.Overrides = append(made.FieldConfig.Overrides, byName("host", sdk.DynamicConfigValue{Id: "displayName", Value: "Host"},
			sdk.DynamicConfigValue{Id: "links", Value: []any{link}}))
	}
	s.draw(p, &made)
	return made
}

// label is the name of a value. In series by host, for example, the host is in it.
func (s shape) label(p panels.Panel, v panels.Value) string {
	switch {
	case !s.overTime || p.By == "":
		return v.Label
	case len(p.Values) == 1:
		return "${__field.labels." + string(p.By) + "}"
	}
	return "${__field.labels." + string(p.By) + "} " + v.Label
}

func byName(column string, properties ...sdk.DynamicConfigValue) sdk.DashboardFieldConfigSourceOverrides {
	return sdk.DashboardFieldConfigSourceOverrides{Matcher: sdk.MatcherConfig{Id: "byName", Options: column}, Properties: properties}
}

func colour(mode sdk.FieldColorModeId) *sdk.FieldColor { return &sdk.FieldColor{Mode: mode} }

var newestOnly = common.ReduceDataOptions{Calcs: []string{"lastNotNull"}}

func drawStat(_ panels.Panel, made *sdk.Panel) {
	o := stat.NewOptions()
	o.ReduceOptions, o.ColorMode, o.GraphMode, o.TextMode = newestOnly, common.BigValueColorModeValue, common.BigValueGraphModeNone, common.BigValueTextModeValueAndName
	made.Options, made.FieldConfig.Defaults.Color = o, colour(sdk.FieldColorModeIdThresholds)
}

func drawTrend(p panels.Panel, made *sdk.Panel) {
	drawStat(p, made)
	made.Options.(*stat.Options).GraphMode = common.BigValueGraphModeArea
}

func drawGauge(_ panels.Panel, made *sdk.Panel) {
	o := gauge.NewOptions()
	o.ReduceOptions, o.ShowThresholdMarkers = newestOnly, true
	made.Options = o
	made.FieldConfig.Defaults.Min, made.FieldConfig.Defaults.Max = ptr(0.0), ptr(100.0)
	made.FieldConfig.Defaults.Color = colour(sdk.FieldColorModeIdThresholds)
}

// drawLines connects points that are up to ten minutes apart: hosts sample at different times, and a gap is a host that was silent.
func drawLines(p panels.Panel, made *sdk.Panel) {
	o := timeseries.NewOptions()
	o.Legend = legend()
	o.Tooltip = common.VizTooltipOptions{Mode: common.TooltipDisplayModeMulti, Sort: common.SortOrderDescending}
	made.Options = o
	custom := &timeseries.FieldConfig{
		DrawStyle: ptr(common.GraphDrawStyleLine), LineWidth: ptr(1.0), ShowPoints: ptr(common.VisibilityModeAuto),
		SpanNulls: &common.BoolOrFloat64{Float64: ptr(600_000.0)},
	}
	made.FieldConfig.Defaults.Color, made.FieldConfig.Defaults.Custom = colour(sdk.FieldColorModeIdPaletteClassic), custom
	if len(p.Values) > 0 && p.Values[0].Thresholds != nil {
		made.FieldConfig.Defaults.Thresholds = thresholds(p.Values[0].Thresholds)
		custom.ThresholdsStyle = &common.GraphThresholdsStyleConfig{Mode: common.GraphThresholdsStyleModeDashed}
	}
	if p.Values[0].Unit == panels.Percent {
		made.FieldConfig.Defaults.Min = ptr(0.0)
	}
}

func drawStacked(p panels.Panel, made *sdk.Panel) {
	drawLines(p, made)
	custom := made.FieldConfig.Defaults.Custom.(*timeseries.FieldConfig)
	custom.FillOpacity = ptr(40.0)
	custom.Stacking = &common.StackingConfig{Mode: ptr(common.StackingModeNormal), Group: ptr("A")}
}

func drawBand(p panels.Panel, made *sdk.Panel) {
	drawLines(p, made)
	made.FieldConfig.Overrides = append(made.FieldConfig.Overrides,
		byName("median", sdk.DynamicConfigValue{Id: "displayName", Value: "Usual"}),
		byName("low", sdk.DynamicConfigValue{Id: "displayName", Value: "Low"}, sdk.DynamicConfigValue{Id: "custom.lineWidth", Value: 0}),
		byName("high", sdk.DynamicConfigValue{Id: "displayName", Value: "High"}, sdk.DynamicConfigValue{Id: "custom.lineWidth", Value: 0},
			sdk.DynamicConfigValue{Id: "custom.fillBelowTo", Value: "Low"}))
}

func drawRows(p panels.Panel, made *sdk.Panel) {
	o := statetimeline.NewOptions()
	o.ShowValue, o.MergeValues, o.RowHeight = common.VisibilityModeNever, ptr(false), 0.9
	o.Legend, o.Tooltip = legend(), common.VizTooltipOptions{Mode: common.TooltipDisplayModeSingle, Sort: common.SortOrderNone}
	made.Options = o
	made.FieldConfig.Defaults.Color = colour(sdk.FieldColorModeIdContinuousGrYlRd)
	if p.Values[0].Unit == panels.Percent {
		made.FieldConfig.Defaults.Min, made.FieldConfig.Defaults.Max = ptr(0.0), ptr(100.0)
	}
	made.FieldConfig.Defaults.Custom = &statetimeline.FieldConfig{FillOpacity: ptr(uint32(80)), LineWidth: ptr(uint32(0))}
}

func drawBars(stacking common.StackingMode) func(panels.Panel, *sdk.Panel) {
	return func(p panels.Panel, made *sdk.Panel) {
		o := barchart.NewOptions()
		o.XField, o.Stacking, o.Legend = ptr(string(p.By)), stacking, legend()
		o.Tooltip = common.VizTooltipOptions{Mode: common.TooltipDisplayModeMulti, Sort: common.SortOrderNone}
		made.Options = o
		made.FieldConfig.Defaults.Color = colour(sdk.FieldColorModeIdPaletteClassic)
		made.FieldConfig.Defaults.Custom = &barchart.FieldConfig{FillOpacity: ptr(int32(80))}
	}
}

func drawScatter(p panels.Panel, made *sdk.Panel) {
	o := xychart.NewOptions()
	o.Mapping, o.Legend = xychart.SeriesMappingManual, legend()
	o.Tooltip = common.VizTooltipOptions{Mode: common.TooltipDisplayModeSingle, Sort: common.SortOrderNone}
	column := func(i int) xychart.MatcherConfig {
		return xychart.MatcherConfig{Id: "byName", Options: p.Values[i].Column}
	}
	o.Series = []xychart.XYSeriesConfig{{
		Frame: &xychart.XychartXYSeriesConfigFrame{Matcher: xychart.MatcherConfig{Id: "byIndex", Options: 0}},
		X:     &xychart.XychartXYSeriesConfigX{Matcher: column(0)}, Y: &xychart.XychartXYSeriesConfigY{Matcher: column(1)},
	}}
	made.Options = o
	made.FieldConfig.Defaults.Color = colour(sdk.FieldColorModeIdPaletteClassic)
	made.FieldConfig.Defaults.Custom = &xychart.FieldConfig{Show: ptr(xychart.XYShowModePoints), PointSize: &xychart.XychartFieldConfigPointSize{Fixed: ptr(int32(7))}}
}

func drawTable(p panels.Panel, made *sdk.Panel) {
	o := table.NewOptions()
	o.Footer.Reducer = []string{}
	made.Options = o
	custom := common.NewTableFieldOptions()
	made.FieldConfig.Defaults.Custom, made.FieldConfig.Defaults.Color = custom, colour(sdk.FieldColorModeIdThresholds)
	custom.Filterable = ptr(true)
	if p.Kind == panels.Box { // Grafana has no box plot
		gauge := common.TableBarGaugeCellOptions{Type: common.TableCellDisplayModeGauge, Mode: ptr(common.BarGaugeDisplayModeBasic)}
		custom.CellOptions = &common.TableCellOptions{TableBarGaugeCellOptions: &gauge}
		made.FieldConfig.Defaults.Min, made.FieldConfig.Defaults.Max = ptr(0.0), ptr(100.0)
	}
}

// drawMatrix makes a table whose cells are coloured: Grafana's heat map needs a time or a histogram.
func drawMatrix(p panels.Panel, made *sdk.Panel) {
	drawTable(p, made)
	background := common.TableColoredBackgroundCellOptions{Type: common.TableCellDisplayModeColorBackground, Mode: ptr(common.TableCellBackgroundDisplayModeBasic)}
	made.FieldConfig.Defaults.Custom.(*common.TableFieldOptions).CellOptions = &common.TableCellOptions{TableColoredBackgroundCellOptions: &background}
	made.FieldConfig.Defaults.Color = colour(sdk.FieldColorModeIdContinuousGrYlRd)
	value := p.Values[0]
	if unit := unitOf[value.Unit]; unit != "" {
		made.FieldConfig.Defaults.Unit = &unit
	}
	made.FieldConfig.Overrides = made.FieldConfig.Overrides[:0] // the columns are the hours
	made.Transformations = []sdk.DataTransformerConfig{{
		Id: "groupingToMatrix", Options: map[string]string{"columnField": string(p.Across), "rowField": string(p.By), "valueField": value.Column},
	}}
}

func legend() common.VizLegendOptions {
	return common.VizLegendOptions{DisplayMode: common.LegendDisplayModeList, Placement: common.LegendPlacementBottom, ShowLegend: true, Calcs: []string{}}
}

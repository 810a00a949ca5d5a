package grafana

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	sdk "github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Options say where the queries of dashboards run.
type Options struct {
	Engine Engine
	Table  string        // of the samples, in Athena; those of the rollups have its name with their own at the end
	Delay  time.Duration // how long samples take to arrive
	Lake   string        // directory of the lake; only for DuckDB
}

// dataSource is the id of the chosen data source. Grafana puts it in place of the variable.
const dataSource = "${datasource}"

// tag is on all dashboards. The links between them find them by it.
const tag = "metrics-dashboard"

// uid is the id of a dashboard. Those for the two engines can be in one Grafana.
func (o Options) uid(d panels.Dashboard) string { return tag + "-" + o.Engine.Name + "-" + d.ID }

// File is a file for Grafana.
type File struct {
	Name string
	Text []byte
}

// Views is the name of the file with the statements that the DuckDB data source runs when it connects.
const Views = "init.sql"

// Files makes the dashboards and, for DuckDB, the views that their queries read.
func Files(o Options) ([]File, error) {
	var files []File
	for _, d := range panels.All() {
		if d.NoPage {
			continue
		}
		made, err := o.dashboard(d)
		if err != nil {
			return nil, fmt.Errorf("make the dashboard %s for Grafana: %w", d.ID, err)
		}
		if err := made.Validate(); err != nil {
			return nil, fmt.Errorf("make the dashboard %s for Grafana: %w", d.ID, err)
		}
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false) // people read the queries
		encoder.SetIndent("", " ")
		if err := encoder.Encode(made); err != nil {
			return nil, fmt.Errorf("make the dashboard %s for Grafana: %w", d.ID, err)
		}
		files = append(files, File{Name: d.ID + ".json", Text: text.Bytes()})
	}
	if o.Engine.Plugin == duckdbPlugin {
		files = append(files, File{Name: Views, Text: []byte(lake.Views(o.Lake))})
	}
	return files, nil
}

// model is a dashboard in the form that all versions of Grafana import.
type model = sdk.Dashboard //nolint:staticcheck // the SDK prefers the form of Grafana 12, which older ones do not import

func (o Options) dashboard(d panels.Dashboard) (model, error) {
	made := *sdk.NewDashboard()
	made.Uid, made.Title, made.Description = ptr(o.uid(d)), ptr("Metrics Dashboard: "+d.Title), ptr(d.Question)
	made.Tags, made.Editable, made.Timezone = []string{tag, o.Engine.Name}, ptr(true), ptr("browser")
	made.GraphTooltip = ptr(sdk.DashboardCursorSyncCrosshair)
	made.Time = &sdk.DashboardDashboardTime{From: "now-6h", To: "now"}
	if d.SpanS > 24*60*60 {
		made.Time.From = "now-7d"
	}
	made.Links = []sdk.DashboardLink{{
		Title: "Metrics Dashboard", Type: sdk.DashboardLinkTypeDashboards, Icon: "external link", Tags: []string{tag, o.Engine.Name}, AsDropdown: true, IncludeVars: true, KeepTime: true,
	}}
	var queries strings.Builder
	place := layout{}
	numbers := map[string]uint32{}
	for _, p := range d.Panels {
		shape, ok := shapeOf(p)
		if !ok || p.Instead != "" {
			continue
		}
		panel := shape.panel(o, p)
		panel.Id = ptr(uint32(len(numbers) + 1))
		numbers[p.ID] = *panel.Id
		panel.GridPos = place.next(p, shape)
		sql, err := o.sql(d, p)
		if err != nil {
			return made, err
		}
		format := asTable
		if shape.overTime {
			format = asSeries
		}
		queries.WriteString(sql)
		panel.Targets = append(panel.Targets, o.Engine.query("A", sql, format))
		made.Panels = append(made.Panels, sdk.PanelOrRowPanel{Panel: &panel})
	}
	variables, err := o.choices(queries.String())
	made.Templating.List = variables
	return made, err
}

// layout places panels in rows, as the page does. Grafana has 24 columns, the page 12.
type layout struct{ x, y, height uint32 }

func (l *layout) next(p panels.Panel, s shape) *sdk.GridPos {
	width := uint32(12)
	if p.Width > 0 {
		width = uint32(2 * p.Width)
	}
	if l.x+width > 24 {
		l.x, l.y, l.height = 0, l.y+l.height, 0
	}
	at := &sdk.GridPos{X: l.x, Y: l.y, W: width, H: s.height}
	l.x, l.height = l.x+width, max(l.height, s.height)
	return at
}

// choices are the variables of a dashboard: the data source and those that its queries name.
func (o Options) choices(queries string) ([]sdk.VariableModel, error) {
	source := sdk.VariableModel{
		Type: sdk.VariableTypeDatasource, Name: "datasource", Label: ptr("Data source"), Query: &sdk.StringOrMap{String: &o.Engine.Plugin},
	}
	list := []sdk.VariableModel{source}
	for _, v := range []struct {
		by    panels.Dimension
		label string
	}{{panels.ByHost, "Host"}, {panels.ByEnv, "Environment"}, {panels.ByRole, "Role"}} {
		name := string(v.by)
		if !strings.Contains(queries, "${"+name+":") {
			continue
		}
		sql, err := o.unfiltered().SQL(panels.Dashboard{}, panels.Choices(v.by))
		if err != nil {
			return nil, err
		}
		list = append(list, sdk.VariableModel{
			Type: sdk.VariableTypeQuery, Name: name, Label: &v.label, Datasource: fromVariable(o.Engine), Query: o.Engine.choice(sql),
			Multi: ptr(true), IncludeAll: ptr(true), AllValue: ptr("''"), Refresh: ptr(sdk.VariableRefreshOnDashboardLoad), Current: option("All", "$__all"),
		})
	}
	if strings.Contains(queries, "${metric:") {
		metric := sdk.VariableModel{Type: sdk.VariableTypeCustom, Name: "metric", Label: ptr("Metric")}
		var names []string
		for _, m := range panels.Metrics() {
			names = append(names, m.Label+" : "+m.Column)
			metric.Options = append(metric.Options, *option(m.Label, m.Column))
		}
		first := panels.Metrics()[0]
		metric.Query, metric.Current = &sdk.StringOrMap{String: ptr(strings.Join(names, ", "))}, option(first.Label, first.Column)
		list = append(list, metric)
	}
	if strings.Contains(queries, "${process:") {
		list = append(list, sdk.VariableModel{
			Type: sdk.VariableTypeTextbox, Name: "process", Label: ptr("Process"), Query: &sdk.StringOrMap{String: ptr("")}, Current: option("", ""),
		})
	}
	return slices.Clip(list), nil
}

func option(text, value string) *sdk.VariableOption {
	return &sdk.VariableOption{Text: sdk.StringOrArrayOfString{String: &text}, Value: sdk.StringOrArrayOfString{String: &value}}
}

package assistant

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"
	_ "time/tzdata" // a machine or an image may have no time zones

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Dashboards is what there is to run.
type Dashboards struct {
	Dashboards []Dashboard     `json:"dashboards"`
	Metrics    []panels.Metric `json:"metrics" jsonschema:"the values of run_panel's metric"`
}

// Dashboard is a page of panels.
type Dashboard struct {
	ID       string  `json:"id"`
	Title    string  `json:"title"`
	Question string  `json:"question"`
	Metric   bool    `json:"metric" jsonschema:"whether its panels show a metric of your choice"`
	Panels   []Panel `json:"panels"`
}

// Panel is a question and what answers it.
type Panel struct {
	ID       string         `json:"id"`
	Title    string         `json:"title"`
	Question string         `json:"question"`
	Kind     string         `json:"kind"`
	By       string         `json:"by,omitempty" jsonschema:"what a row is about"`
	Values   []panels.Value `json:"values" jsonschema:"the columns that carry quantities, with their units"`
}

func (a *assistant) listDashboards(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, Dashboards, error) {
	out := Dashboards{Metrics: panels.Metrics()}
	for _, d := range append(panels.All(), panels.Dashboard{ID: "questions", Title: "Delivery", Question: "Is the delivery itself sound?", Panels: panels.Questions()}) {
		one := Dashboard{ID: d.ID, Title: d.Title, Question: d.Question, Metric: d.Metric, Panels: []Panel{}}
		for _, p := range d.Panels {
			one.Panels = append(one.Panels, Panel{ID: p.ID, Title: p.Title, Question: p.Question, Kind: string(p.Kind), By: string(p.By), Values: p.Values})
		}
		out.Dashboards = append(out.Dashboards, one)
	}
	return nil, out, nil
}

// Time is the time range of a call.
type Time struct {
	Range string `json:"range,omitempty" jsonschema:"time up to now, such as 15m, 6h or 7d"`
	From  string `json:"from,omitempty" jsonschema:"begin of the time range, RFC 3339 or Unix seconds; needs to, and excludes range"`
	To    string `json:"to,omitempty" jsonschema:"end of the time range"`
}

// Run is the input of run_panel.
type Run struct {
	Panel string `json:"panel" jsonschema:"id of the panel, as list_dashboards says"`
	Time
	Host    string `json:"host,omitempty" jsonschema:"only this host"`
	Env     string `json:"env,omitempty" jsonschema:"only this environment"`
	Role    string `json:"role,omitempty" jsonschema:"only this role"`
	Tag     string `json:"tag,omitempty" jsonschema:"only hosts with this tag, key=value"`
	Metric  string `json:"metric,omitempty" jsonschema:"column for the panels that show a metric of your choice"`
	Buckets int    `json:"buckets,omitempty" jsonschema:"greatest number of points over time, 10 to 2000; default 30"`
	Zone    string `json:"zone,omitempty" jsonschema:"time zone for the panels by hour and day, such as Europe/Berlin"`
	Once    bool   `json:"once,omitempty" jsonschema:"count a sample only once if it was delivered twice; slower"`
}

// defaultBuckets is few: an assistant reads numbers, not pictures.
const defaultBuckets = 30

func (a *assistant) runPanel(ctx context.Context, _ *mcp.CallToolRequest, in Run) (*mcp.CallToolResult, Answer, error) {
	panel, ok := panels.Find(in.Panel)
	if !ok {
		return nil, Answer{}, fmt.Errorf("there is no panel %q: list_dashboards lists them", in.Panel)
	}
	buckets := in.Buckets
	if buckets == 0 {
		buckets = defaultBuckets
	}
	params, err := a.params(in.Time, map[string]string{
		"host": in.Host, "env": in.Env, "role": in.Role, "tag": in.Tag, "metric": in.Metric,
		"buckets": strconv.Itoa(buckets), "once": strconv.FormatBool(in.Once),
	})
	if err != nil {
		return nil, Answer{}, err
	}
	zone := a.options.Zone
	if in.Zone != "" {
		if zone, err = ZoneOf(in.Zone); err != nil {
			return nil, Answer{}, err
		}
	}
	q, err := panels.Bind(panel, params.In(zone), a.engine.Form(ctx))
	if err != nil {
		return nil, Answer{}, err
	}
	answer, err := a.run(ctx, q, params.Range, zone)
	return nil, answer, err
}

// ZoneOf returns the time zone of a name.
func ZoneOf(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || zone == time.Local {
		return nil, fmt.Errorf("there is no time zone %q: want a name such as UTC or Europe/Berlin", name)
	}
	return zone, nil
}

// params reads the parameters of a call as the page's server reads those of a request.
func (a *assistant) params(t Time, more map[string]string) (panels.Params, error) {
	q := url.Values{}
	for name, value := range map[string]string{"range": t.Range, "from": t.From, "to": t.To} {
		if value != "" {
			q.Set(name, value)
		}
	}
	for name, value := range more {
		if value != "" {
			q.Set(name, value)
		}
	}
	p, err := server.Params(q, a.options.Now().Truncate(a.options.Step), a.options.Delay)
	p.Rules = a.options.Rules
	return p, err
}

// Columns says what there is to query.
type Columns struct {
	Dialect    string   `json:"dialect"`
	Advice     []string `json:"advice"`
	Columns    []Column `json:"columns"`
	Partitions []string `json:"partition_keys" jsonschema:"further columns: strings, zero-padded, of ts in UTC"`
}

// Column is a column of samples.
type Column struct {
	Field
	Fields []Field `json:"fields,omitempty" jsonschema:"the fields of an element, if the column is a list"`
}

// Field is what a column and a field of a list's elements have in common.
type Field struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Unit    string `json:"unit,omitempty"`
	Meaning string `json:"meaning"`
}

func (a *assistant) describeColumns(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, Columns, error) {
	return nil, Columns{
		Dialect: a.options.Dialect,
		Advice: []string{
			"A row of samples is one reading of one machine. A value that the machine could not give is NULL, not 0.",
			"Machines sample at different intervals. To add up or average machines, first average each machine in a time bucket, then aggregate.",
			"A sample that was delivered twice has two rows in samples and one in samples_once, which is slower.",
			"A query reads only the columns and hours that it names: name columns, and choose a time range no longer than needed.",
		},
		Columns: described(record.Columns()), Partitions: record.PartitionKeys(),
	}, nil
}

func described(columns []record.Column) []Column {
	var list []Column
	for _, c := range columns {
		one := Column{Field: fieldOf(c)}
		for _, f := range c.Fields {
			one.Fields = append(one.Fields, fieldOf(f))
		}
		list = append(list, one)
	}
	return list
}

func fieldOf(c record.Column) Field {
	return Field{Name: c.Name, Type: string(c.Type), Unit: string(c.Unit), Meaning: c.Comment}
}

// Ask is the input of query.
type Ask struct {
	SQL string `json:"sql" jsonschema:"one query: SELECT or WITH"`
	Time
}

// defaultSpan is the time range of a query without one.
const defaultSpan = "24h"

func (a *assistant) query(ctx context.Context, _ *mcp.CallToolRequest, in Ask) (*mcp.CallToolResult, Answer, error) {
	if in.Time == (Time{}) {
		in.Range = defaultSpan
	}
	params, err := a.params(in.Time, nil)
	if err != nil {
		return nil, Answer{}, err
	}
	// Whole hours are the same on both engines: the lake leaves out files by the hour.
	r := panels.Range{From: params.Range.From.Truncate(time.Hour), To: params.Range.To.Add(time.Hour - time.Nanosecond).Truncate(time.Hour)}
	answer, err := a.run(ctx, a.engine.Own(in.SQL, r), r, time.UTC)
	return nil, answer, err
}

package quicksight

import (
	"strconv"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Parameter is what a viewer chooses, for all data sets whose query has it. QuickSight writes its value into the SQL: a
// number as it is, a text in quotes.
type Parameter struct {
	Name   string // letters
	Number int    // the default, where Text is empty
	Text   string // the default
}

// The names of the parameters.
const (
	hours       = "hours"
	host        = "host"
	environment = "environment"
	metric      = "metric"
)

// everything is the choice of all hosts and of all environments: QuickSight has no empty one.
const everything = "(all)"

func parameters() []Parameter {
	return []Parameter{
		{Name: hours, Number: int(spans()[0].Hours())},
		{Name: host, Text: everything},
		{Name: environment, Text: everything},
		{Name: metric, Text: panels.Metrics()[0].Column},
	}
}

// spans are the time ranges to choose from, up to now; the default first.
func spans() []time.Duration {
	const day = 24 * time.Hour
	return []time.Duration{day, time.Hour, 6 * time.Hour, 7 * day, 30 * day}
}

// placeholder is where QuickSight writes the value of a parameter.
func placeholder(name string) string { return "<<$" + name + ">>" }

// chosen is the value of a parameter, the empty text for everything.
func chosen(name string) string {
	return "replace(" + placeholder(name) + ", '" + everything + "', '')"
}

// used are the parameters of a query.
func used(sql string) []Parameter {
	var list []Parameter
	for _, p := range parameters() {
		if strings.Contains(sql, placeholder(p.Name)) {
			list = append(list, p)
		}
	}
	return list
}

// declarations are the parameters of the dashboard, each passed on to the data sets that use it.
func declarations(sets []DataSet) []any {
	var list []any
	for _, p := range parameters() {
		var mapped []any
		for _, set := range sets {
			if strings.Contains(set.SQL, placeholder(p.Name)) {
				mapped = append(mapped, object{"DataSetIdentifier": set.ID, "DataSetParameterName": p.Name})
			}
		}
		kind, value := "StringParameterDeclaration", any(p.Text)
		if p.Text == "" {
			kind, value = "IntegerParameterDeclaration", p.Number
		}
		list = append(list, object{kind: object{
			"Name": p.Name, "ParameterValueType": "SINGLE_VALUED", "DefaultValues": object{"StaticValues": []any{value}},
			"MappedDataSetParameters": mapped,
		}})
	}
	return list
}

// controls are what a sheet's viewer chooses with. The hosts and environments come from a data set.
func (s sheet) controls() []control {
	link := func(d panels.Dimension) object {
		return object{"LinkToDataSetColumn": s.choices.column(string(d)).identifier(s.choices)}
	}
	var lengths, metrics []any
	for _, span := range spans() {
		lengths = append(lengths, strconv.Itoa(int(span.Hours())))
	}
	for _, m := range panels.Metrics() {
		metrics = append(metrics, m.Column)
	}
	list := []control{
		{hours, "Hours up to now", object{"Values": lengths}},
		{host, "Host", link(panels.ByHost)},
		{environment, "Environment", link(panels.ByEnv)},
	}
	if s.metric {
		list = append(list, control{metric, "Metric", object{"Values": metrics}})
	}
	return list
}

// control is a list to choose a parameter's value from.
type control struct {
	parameter string
	title     string
	values    object
}

func (c control) id(s sheet) string { return s.id + "-" + c.parameter }

func (c control) definition(s sheet) object {
	return object{"Dropdown": object{
		"ParameterControlId": c.id(s), "SourceParameterName": c.parameter, "Title": c.title, "Type": "SINGLE_SELECT",
		"SelectableValues": c.values,
	}}
}

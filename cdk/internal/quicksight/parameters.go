package quicksight

import (
	"strconv"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Parameter is a value that a viewer chooses. QuickSight writes it into the SQL of each data set that contains the parameter: a
// number as it is, a text in quotes.
type Parameter struct {
	Name   string // letters
	Number int    // the default, if Text is empty
	Text   string // the default
}

// The names of the parameters.
const (
	hours       = "hours"
	host        = "host"
	environment = "environment"
	metric      = "metric"
)

// everything is the choice of all hosts or of all environments. QuickSight has no empty choice.
const everything = "(all)"

func parameters() []Parameter {
	return []Parameter{
		{Name: hours, Number: int(spans()[0].Hours())},
		{Name: host, Text: everything},
		{Name: environment, Text: everything},
		{Name: metric, Text: panels.Metrics()[0].Column},
	}
}

// spans returns the lengths of the time ranges to choose from. The first is the default.
func spans() []time.Duration {
	const day = 24 * time.Hour
	return []time.Duration{day, time.Hour, 6 * time.Hour, 7 * day, 30 * day, 365 * day}
}

// placeholder returns the text that QuickSight replaces with the value of a parameter.
func placeholder(name string) string { return "<<$" + name + ">>" }

// chosen returns SQL for the value of a parameter. The value is the empty text if the viewer chose everything.
func chosen(name string) string {
	return "replace(" + placeholder(name) + ", '" + everything + "', '')"
}

// used returns the parameters that a query contains.
func used(sql string) []Parameter {
	var list []Parameter
	for _, p := range parameters() {
		if strings.Contains(sql, placeholder(p.Name)) {
			list = append(list, p)
		}
	}
	return list
}

// declarations returns the parameters of the dashboard. The dashboard passes each on to the data sets that use it.
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

// controls returns the controls of a sheet. A data set holds the hosts and environments to choose from.
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

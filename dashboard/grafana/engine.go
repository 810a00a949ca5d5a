package grafana

import (
	"fmt"

	sdk "github.com/grafana/grafana-foundation-sdk/go/dashboard"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Engine is what answers the queries of a dashboard.
type Engine struct {
	Name   string
	Plugin string // id of the plugin of the data source
	form   func(table string) panels.Form
	time   func(seconds string) string // SQL of a timestamp
	query  func(ref, sql string, format int64) query
	choice func(sql string) *sdk.StringOrMap // query of a variable
}

const (
	athenaPlugin = "grafana-athena-datasource"
	duckdbPlugin = "motherduck-duckdb-datasource"
)

// The engines.
var (
	Athena = Engine{
		Name: "athena", Plugin: athenaPlugin, form: panels.Athena, query: athenaQuery, choice: athenaChoice,
		// The plugin takes a timestamp without a zone for UTC.
		time: func(seconds string) string { return "CAST(from_unixtime(" + seconds + ") AS timestamp)" },
	}
	DuckDB = Engine{
		Name: "duckdb", Plugin: duckdbPlugin, form: func(string) panels.Form { return panels.DuckDB() }, query: duckdbQuery,
		choice: func(sql string) *sdk.StringOrMap { return &sdk.StringOrMap{String: &sql} },
		time:   func(seconds string) string { return "make_timestamp(CAST(" + seconds + " * 1e6 AS bigint))" },
	}
)

// EngineOf returns the engine of a name.
func EngineOf(name string) (Engine, error) {
	for _, e := range []Engine{Athena, DuckDB} {
		if e.Name == name {
			return e, nil
		}
	}
	return Engine{}, fmt.Errorf("there is no engine %q: want athena or duckdb", name)
}

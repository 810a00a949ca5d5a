// Package grafana makes Grafana dashboards of the panels, for the plugins grafana-athena-datasource and motherduck-duckdb-datasource.
//
// A panel's query is that of the page, in the form [panels.Variables]: Grafana puts the time range and the choices into its text. This
// package adds what Grafana wants of an answer: a column of type timestamp, doubles in place of other numbers, and an order of rows.
// The committed dashboards in the folders athena and duckdb are what it makes with the default settings.
package grafana

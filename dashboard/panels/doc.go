// Package panels defines what the dashboards show. A panel is data: its title, the question it answers, its SQL, its kind of chart, its
// units and thresholds. The package also defines the shape of a query and of its result.
//
// The web page (package server), Athena's named queries, Grafana and QuickSight use the same panels. This package therefore does not run
// queries and does not draw: engines run a [Query].
//
// The query of a panel is the file sql/<id>.sql, unless the panel shows the answer of another one. It is in the SQL that DuckDB and Athena
// (Trino) share. It is a text/template that calls named functions for all that depends on where it runs and on what a viewer chose: the
// samples of the chosen time and hosts, the width of a time bucket, a quantile (see [statement.functions]). [Bind] writes it for an engine, with
// parameters for texts that a viewer chose; [Literal] writes it for a person; [Saved] writes it so that its time range ends when it runs;
// [Variables] writes it for a tool that puts the choices into the text.
package panels

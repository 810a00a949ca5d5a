// Package panels is what the dashboards show, as data: each panel's title, the question it answers, its SQL, chart kind,
// units and thresholds, and the shape of a query and of its result.
//
// One definition feeds the web page (package server), Athena's named queries and QuickSight, so that this package imports
// the standard library only: it runs no query, draws nothing and knows no engine. An engine takes a [Query].
//
// The SQL of a panel is one text in the subset that DuckDB and Athena (Trino) share. Values reach it as parameters that
// [Bind] turns into positional ones, never as spliced text.
package panels

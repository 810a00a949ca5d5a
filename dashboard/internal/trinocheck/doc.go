// Package trinocheck runs the SQL of the panels, and of the dashboards for Grafana, in Trino's own engine, on which Athena is built. It runs
// exactly the statements and parameters that package athena sends, and the committed dashboards' own, over a table of samples in memory. It
// compares the rows with DuckDB's. The package holds only tests and a small Java program.
//
// Trino plans each statement in about half a second of CPU time, whatever the number of rows. So it runs a text that several checks have only
// once, and only analyzes the queries of the deployed templates.
//
// The test has a build tag because it needs Java 17 or newer, Maven, and Maven's central repository:
//
//	go test -tags trino ./internal/trinocheck
package trinocheck

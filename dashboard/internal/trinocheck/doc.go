// Package trinocheck runs the SQL of the panels in Trino's own engine, which is what Athena is built on: the very statements
// and parameters that the Athena engine sends, over a table of samples in memory, and compares the rows with DuckDB's. It
// holds a test and a small Java program, nothing else.
//
// The test needs Java 17 or newer, Maven and its central repository, and therefore a build tag:
//
//	go test -tags trino ./internal/trinocheck
package trinocheck

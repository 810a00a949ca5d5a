// Package trinocheck has the SQL of the panels read by Trino's own parser, which is what Athena is built on. It holds a
// test and a small Java program, nothing else.
//
// The test needs Java 17 or newer, Maven and its central repository, and therefore a build tag:
//
//	go test -tags trino ./internal/trinocheck
package trinocheck

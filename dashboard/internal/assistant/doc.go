// Package assistant is a server of the Model Context Protocol. With it an assistant can list the dashboards, run a panel, read what
// the columns mean, and run one query that only reads.
//
// Each answer is bounded in rows, bytes and time, and each query in what it may read. The package does not know which engine it has.
package assistant

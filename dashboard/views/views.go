// Package views defines what queries read besides the table itself, in the SQL that DuckDB and Athena share: samples, the
// table by a name that does not depend on the stack, and samples_once, where a sample that was delivered twice is there once.
//
// DuckDB has them as views. Athena gets them as common table expressions before the query ([Define]), as a view there would
// be another resource to deploy and to keep in step with the columns.
package views

import (
	"regexp"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Names of the views.
const (
	Samples = "samples"
	Once    = "samples_once"
)

// OnceOf is the query behind samples_once over a table or view. Rows of equal (session_id, seq) are one sample; which of
// them stays is left to the engine. A row without them is not known to be a copy of another and stays.
//
// The partition keys and ts, which copies share, are listed as well, so that engines evaluate conditions on them before
// they look for copies and read no more of the table than without.
func OnceOf(table string) string {
	keys := strings.Join(record.PartitionKeys(), ", ")
	var columns []string
	for _, c := range record.Columns() {
		columns = append(columns, `"`+c.Name+`"`)
	}
	return "SELECT " + strings.Join(columns, ", ") + ", " + keys + " FROM (SELECT *, row_number() OVER (PARTITION BY " + keys +
		", ts, session_id, seq) AS copy FROM " + table + ") AS copies WHERE copy = 1 OR session_id IS NULL OR seq IS NULL"
}

// Reads reports whether a text may read a view: it has its name and does not define a relation of that name itself.
func Reads(sql, view string) bool {
	return regexp.MustCompile(`(?i)\b`+view+`\b`).MatchString(sql) &&
		!regexp.MustCompile(`(?i)\b`+view+`\s*(\([^()]*\)\s*)?\bAS\s*\(`).MatchString(sql)
}

var with = regexp.MustCompile(`(?i)^WITH\s+(RECURSIVE\s)?`)

// Define puts the definitions of those views that a query reads before it; table is the name of the table, as Athena has
// it. A table that is called samples itself is not defined again. What is not a query stays as it is.
func Define(sql, table string) string {
	var views []string
	if Reads(sql, Samples) && table != Samples {
		views = append(views, Samples+" AS (SELECT * FROM "+table+")")
	}
	if Reads(sql, Once) {
		views = append(views, Once+" AS ("+OnceOf(table)+")")
	}
	before, query := split(sql)
	if len(views) == 0 || !IsQuery(sql) {
		return sql
	}
	if own := with.FindString(query); own != "" {
		return before + own + strings.Join(views, ", ") + ", " + query[len(own):]
	}
	return before + "WITH " + strings.Join(views, ", ") + "\n" + query
}

var (
	// preamble is what may stand before a statement: space, comments, and what asks to explain it.
	preamble = regexp.MustCompile(`(?is)^(\s|--[^\n]*(\n|$)|/\*.*?\*/|EXPLAIN\s+(ANALYZE\s+(VERBOSE\s+)?)?(\((FORMAT|TYPE)[^)]*\))?)*`)
	query    = regexp.MustCompile(`(?i)^(SELECT|WITH|VALUES|TABLE)\b|^\(`)
)

func split(sql string) (before, statement string) {
	n := len(preamble.FindString(sql))
	return sql[:n], sql[n:]
}

// IsQuery reports whether a text is a query or an EXPLAIN of one, which therefore only reads.
func IsQuery(sql string) bool {
	_, statement := split(sql)
	return query.MatchString(statement)
}

package athena

import (
	"regexp"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Own makes a query of a text that a person wrote. The text may read samples, samples_once and samples_otel. samples is the table, under
// a name that does not depend on the stack. Own defines those that the text reads as common table expressions before it. Views would be
// more resources to deploy and to keep in step with the columns.
//
// If r is not zero, all three have only the samples of r.
func (e *Engine) Own(sql string, r panels.Range) panels.Query {
	table, bounded := e.target.relation(), !r.IsZero()
	if bounded {
		table = "(SELECT * FROM " + e.target.Name() + " WHERE " + panels.InRange(r) + ") AS bounded"
	}
	return panels.Query{SQL: define(strings.TrimRight(sql, "; \t\r\n"), table), Range: r}
}

// reads reports whether a text may read a relation: it contains the name and does not define a relation of that name itself.
func reads(sql, relation string) bool {
	return regexp.MustCompile(`(?i)\b`+relation+`\b`).MatchString(sql) &&
		!regexp.MustCompile(`(?i)\b`+relation+`\s*(\([^()]*\)\s*)?\bAS\s*\(`).MatchString(sql)
}

var with = regexp.MustCompile(`(?i)^WITH\s+(RECURSIVE\s)?`)

// define puts the definitions of samples, samples_once and samples_otel before a query that reads them. table is the table's name in Athena's
// SQL. If the table itself is called samples, samples needs no definition. A statement that is not a query stays as it is.
func define(sql, table string) string {
	var definitions []string
	if reads(sql, panels.Samples) && table != panels.Samples {
		definitions = append(definitions, panels.Samples+" AS (SELECT * FROM "+table+")")
	}
	if reads(sql, panels.Once) {
		definitions = append(definitions, panels.Once+" AS ("+panels.OnceOf(table)+")")
	}
	if reads(sql, panels.OTel) {
		definitions = append(definitions, panels.OTel+" AS ("+record.OTelSelect(table)+")")
	}
	before, query := split(sql)
	if len(definitions) == 0 || !isQuery(sql) {
		return sql
	}
	if own := with.FindString(query); own != "" {
		return before + own + strings.Join(definitions, ", ") + ", " + query[len(own):]
	}
	return before + "WITH " + strings.Join(definitions, ", ") + "\n" + query
}

var (
	// preamble is what may stand before a query: space, comments and EXPLAIN.
	preamble = regexp.MustCompile(`(?is)^(\s|--[^\n]*(\n|$)|/\*.*?\*/|EXPLAIN\s+(ANALYZE\s+(VERBOSE\s+)?)?(\((FORMAT|TYPE)[^)]*\))?)*`)
	query    = regexp.MustCompile(`(?i)^(SELECT|WITH|VALUES|TABLE)\b|^\(`)
)

func split(sql string) (before, statement string) {
	n := len(preamble.FindString(sql))
	return sql[:n], sql[n:]
}

// isQuery reports whether a text is a query, or an EXPLAIN of one. Both only read.
func isQuery(sql string) bool {
	_, statement := split(sql)
	return query.MatchString(statement)
}

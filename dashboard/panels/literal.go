package panels

import (
	"fmt"
	"strconv"
	"strings"
)

// Literal is a bound query as one text, for people to read and to paste into `dashboard query`. No engine of this project
// runs it: they take the values as parameters, as far as they can.
func Literal(q Query) string {
	return fill(q, func(string) bool { return false }).SQL
}

// InConditions is a query that keeps the parameters within WHERE and has the values of all others written into its text.
// Athena takes parameters in the WHERE clause only. Whatever comes from outside as text stands there in every panel.
func InConditions(q Query) Query {
	return fill(q, func(clause string) bool { return clause == "WHERE" })
}

// clauses are the words that begin a part of a query.
var clauses = map[string]bool{
	"SELECT": true, "FROM": true, "WHERE": true, "GROUP": true, "HAVING": true, "WINDOW": true, "ORDER": true, "ON": true,
	"UNION": true, "LIMIT": true,
}

// fill writes values in place of parameters, but for those whose clause is to keep them. [Bind] has seen to it that quotes
// have ends and that there are no comments.
func fill(q Query, keep func(clause string) bool) Query {
	var b strings.Builder
	filled := Query{Range: q.Range}
	outer := []string{} // the clauses around the open parentheses
	clause, next := "", 0
	for i := 0; i < len(q.SQL); i++ {
		switch c := q.SQL[i]; {
		case c == '\'' || c == '"':
			end := i + 1 + strings.IndexByte(q.SQL[i+1:], c)
			b.WriteString(q.SQL[i : end+1])
			i = end
			continue
		case c == '(':
			outer = append(outer, clause)
		case c == ')' && len(outer) > 0:
			clause, outer = outer[len(outer)-1], outer[:len(outer)-1]
		case c == '?':
			value := q.Args[next]
			next++
			if !keep(clause) {
				b.WriteString(LiteralOf(value))
				continue
			}
			filled.Args = append(filled.Args, value)
		case isLetter(c):
			end := i
			for end < len(q.SQL) && (isLetter(q.SQL[end]) || q.SQL[end] >= '0' && q.SQL[end] <= '9') {
				end++
			}
			if word := strings.ToUpper(q.SQL[i:end]); clauses[word] {
				clause = word
			}
			b.WriteString(q.SQL[i:end])
			i = end - 1
			continue
		}
		b.WriteByte(q.SQL[i])
	}
	filled.SQL = b.String()
	return filled
}

// fromTable has a query read another table or view than samples.
func fromTable(sql, table string) string {
	return strings.ReplaceAll(sql, "FROM samples\n", "FROM "+table+"\n")
}

func isLetter(c byte) bool { return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// LiteralOf writes a value as SQL. Numbers with a fraction are doubles, not decimals, and written without an exponent as far
// as people can read them; a newline or such within a text stands as it is.
func LiteralOf(v any) string {
	switch v := v.(type) {
	case float64:
		return "CAST(" + strconv.FormatFloat(v, 'f', -1, 64) + " AS double)"
	case int64:
		return strconv.FormatInt(v, 10)
	default:
		return "'" + strings.ReplaceAll(fmt.Sprint(v), "'", "''") + "'"
	}
}

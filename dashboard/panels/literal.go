package panels

import (
	"fmt"
	"strconv"
	"strings"
)

// Literal is a bound query as one text, for people to read and to paste into Athena's console or into `dashboard query`.
// It reads the given table or view, such as metrics.samples. No engine of this project runs it: they take the values as
// parameters.
func Literal(q Query, table string) string {
	text := fromTable(q.SQL, table)
	var b strings.Builder
	next := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\'', '"':
			end := i + 1 + strings.IndexByte(text[i+1:], c) // [Bind] has seen to it that there is one
			b.WriteString(text[i : end+1])
			i = end
		case '?':
			b.WriteString(literal(q.Args[next]))
			next++
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// fromTable has a query read another table or view than samples.
func fromTable(sql, table string) string {
	return strings.ReplaceAll(sql, "FROM samples\n", "FROM "+table+"\n")
}

// literal writes a value as SQL. Numbers with a fraction are doubles, not decimals, and written without an exponent as far
// as people can read them; a newline or such within a text stands as it is.
func literal(v any) string {
	switch v := v.(type) {
	case float64:
		return "CAST(" + strconv.FormatFloat(v, 'f', -1, 64) + " AS double)"
	case int64:
		return strconv.FormatInt(v, 10)
	default:
		return "'" + strings.ReplaceAll(fmt.Sprint(v), "'", "''") + "'"
	}
}

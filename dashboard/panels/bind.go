package panels

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Bind makes a panel's query ready to run: each :name of its SQL becomes a positional parameter, the one form that DuckDB
// and Athena's execution parameters share, and its value is listed at that place. Nothing of a value gets into the text.
func Bind(p Panel, params Params) (Query, error) {
	if err := params.Validate(); err != nil {
		return Query{}, err
	}
	params.shown = params.Range.From
	slot := params.slot()
	span := params.Range.To.Sub(params.Range.From)
	if least := time.Duration(p.MinSpanS) * time.Second; span < least {
		params.Range.From = params.Range.To.Add(-least)
	}
	if most := time.Duration(p.MaxSpanS) * time.Second; most > 0 && span > most {
		params.Range.From = params.Range.To.Add(-most)
	}
	params.Range.From = params.Range.From.Add(-time.Duration(p.Lead) * slot)
	sql := p.SQL
	if params.Once {
		sql = strings.ReplaceAll(sql, "FROM samples\n", "FROM samples_once\n")
	}
	text, names, err := positional(sql)
	if err != nil {
		return Query{}, fmt.Errorf("panel %s: %w", p.ID, err)
	}
	values := params.values()
	values["slot"] = slot.Seconds()
	q := Query{SQL: text, Range: params.Range, Args: make([]any, len(names))}
	for i, name := range names {
		value, ok := values[name]
		if !ok {
			return Query{}, fmt.Errorf("panel %s: unknown parameter :%s", p.ID, name)
		}
		q.Args[i] = value
	}
	return q, nil
}

// positional replaces the named parameters of sql by question marks and returns their names in order. Text in single or
// double quotes stays as it is. Comments and casts written as two colons are refused: panels have neither, and their
// colons and quotes would be taken for parameters.
func positional(sql string) (text string, names []string, err error) {
	var b strings.Builder
	for i := 0; i < len(sql); {
		c := sql[i]
		switch {
		case c == '\'' || c == '"':
			end := strings.IndexByte(sql[i+1:], c)
			if end < 0 {
				return "", nil, fmt.Errorf("a quote at byte %d has no end", i)
			}
			b.WriteString(sql[i : i+end+2])
			i += end + 2
		case c == '?':
			return "", nil, fmt.Errorf("a positional parameter at byte %d: parameters have names", i)
		case strings.HasPrefix(sql[i:], "--") || strings.HasPrefix(sql[i:], "/*"):
			return "", nil, errors.New("comments are not allowed")
		case c == ':':
			name := identifier(sql[i+1:])
			if name == "" {
				return "", nil, fmt.Errorf("a colon at byte %d that begins no parameter", i)
			}
			b.WriteByte('?')
			names = append(names, name)
			i += 1 + len(name)
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String(), names, nil
}

// identifier returns the identifier that s begins with: lower-case letters and underscores.
func identifier(s string) string {
	n := 0
	for n < len(s) && (s[n] == '_' || s[n] >= 'a' && s[n] <= 'z') {
		n++
	}
	return s[:n]
}

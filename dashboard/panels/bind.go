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
	span := params.Range.To.Sub(params.Range.From)
	slot := slotFor(span)
	params.Range.From = params.Range.To.Add(-p.reads(span))
	sql := chosenOnly(p.SQL, params.Host, params.Env, params.Role, params.TagKey)
	if params.Once {
		sql = fromTable(sql, "samples_once")
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

// reads is how long a time range the panel's query reads where one of that length was chosen, up to the same end.
func (p Panel) reads(span time.Duration) time.Duration {
	lead := time.Duration(p.Lead) * slotFor(span)
	span = max(span, time.Duration(p.MinSpanS)*time.Second)
	if most := time.Duration(p.MaxSpanS) * time.Second; most > 0 {
		span = min(span, most)
	}
	return span + lead
}

// positional replaces the named parameters of sql by question marks and returns their names in order.
func positional(sql string) (text string, names []string, err error) {
	text, err = replaced(sql, func(name string) (string, error) {
		names = append(names, name)
		return "?", nil
	})
	return text, names, err
}

// replaced puts what with gives for its name in the place of each named parameter of sql. Text in single or double quotes
// stays as it is. Comments and casts written as two colons are refused: panels have neither, and their colons and quotes
// would be taken for parameters.
func replaced(sql string, with func(name string) (string, error)) (string, error) {
	var b strings.Builder
	for i := 0; i < len(sql); {
		c := sql[i]
		switch {
		case c == '\'' || c == '"':
			end := strings.IndexByte(sql[i+1:], c)
			if end < 0 {
				return "", fmt.Errorf("a quote at byte %d has no end", i)
			}
			b.WriteString(sql[i : i+end+2])
			i += end + 2
		case c == '?':
			return "", fmt.Errorf("a positional parameter at byte %d: parameters have names", i)
		case strings.HasPrefix(sql[i:], "--") || strings.HasPrefix(sql[i:], "/*"):
			return "", errors.New("comments are not allowed")
		case c == ':':
			name := identifier(sql[i+1:])
			if name == "" {
				return "", fmt.Errorf("a colon at byte %d that begins no parameter", i)
			}
			text, err := with(name)
			if err != nil {
				return "", err
			}
			b.WriteString(text)
			i += 1 + len(name)
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String(), nil
}

// identifier returns the identifier that s begins with: lower-case letters and underscores.
func identifier(s string) string {
	n := 0
	for n < len(s) && (s[n] == '_' || s[n] >= 'a' && s[n] <= 'z') {
		n++
	}
	return s[:n]
}

package template

import (
	"fmt"
	"strings"
	"time"
)

// javaFields maps patterns of Java's DateTimeFormatter that are useful in a prefix to Go's layouts.
var javaFields = map[string]string{
	"yyyy": "2006", "yy": "06", "MM": "01", "M": "1", "MMM": "Jan", "dd": "02", "d": "2", "DDD": "002",
	"HH": "15", "mm": "04", "m": "4", "ss": "05", "s": "5", "EEE": "Mon", "EEEE": "Monday",
}

// formatJava formats a time in UTC by a Java pattern. Text in single quotes, and what is not a letter, stands for itself.
func formatJava(pattern string, t time.Time) (string, error) {
	var b strings.Builder
	for i := 0; i < len(pattern); {
		c := pattern[i]
		if c == '\'' {
			text, _, closed := strings.Cut(pattern[i+1:], "'")
			if !closed {
				return "", fmt.Errorf("timestamp pattern %q: the closing quote is missing", pattern)
			}
			b.WriteString(text)
			i += len(text) + 2
			continue
		}
		if c|0x20 < 'a' || c|0x20 > 'z' {
			b.WriteByte(c)
			i++
			continue
		}
		n := 1
		for i+n < len(pattern) && pattern[i+n] == c {
			n++
		}
		layout, ok := javaFields[pattern[i:i+n]]
		if !ok {
			return "", fmt.Errorf("timestamp pattern %q: the local stack does not support %q", pattern, pattern[i:i+n])
		}
		b.WriteString(t.UTC().Format(layout))
		i += n
	}
	return b.String(), nil
}

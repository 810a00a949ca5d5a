package delivery

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
)

// prefix is an object prefix with its expressions parsed.
// Source: Firehose developer guide, "Custom prefixes for Amazon S3 objects".
type prefix struct {
	parts []part
	// expressions says whether there is any; Firehose appends yyyy/MM/dd/HH/ where there is none.
	expressions bool
}

// part is a literal or one !{namespace:value} expression.
type part struct {
	literal   string
	namespace string
	value     string
}

// maxPrefix is how long an evaluated prefix may be.
const maxPrefix = 512

// values are what expressions are evaluated with.
type values struct {
	keys    map[string]string // partition keys from the transform
	arrival time.Time         // of the oldest record in the object
	errType string            // error-output-type
}

const (
	nsKey       = "partitionKeyFromLambda"
	nsTimestamp = "timestamp"
	nsFirehose  = "firehose"

	randomString = "random-string"
	errorType    = "error-output-type"
)

func parsePrefix(s string) (prefix, error) {
	var p prefix
	for s != "" {
		before, rest, found := strings.Cut(s, "!{")
		if before != "" {
			p.parts = append(p.parts, part{literal: before})
		}
		if !found {
			break
		}
		expr, after, closed := strings.Cut(rest, "}")
		namespace, value, ok := strings.Cut(expr, ":")
		if !closed || !ok {
			return p, fmt.Errorf("expression !{%s is not of the form !{namespace:value}", expr)
		}
		switch {
		case namespace == nsKey && value != "":
		case namespace == nsFirehose && (value == randomString || value == errorType):
		case namespace == nsTimestamp:
			if _, err := formatJava(value, time.Unix(0, 0)); err != nil {
				return p, err
			}
		default:
			return p, fmt.Errorf("expression !{%s} is not supported", expr)
		}
		p.parts = append(p.parts, part{namespace: namespace, value: value})
		p.expressions = true
		s = after
	}
	if !p.expressions {
		p.parts = append(p.parts, part{namespace: nsTimestamp, value: "yyyy/MM/dd/HH/"})
	}
	return p, nil
}

// errNoKey is Firehose's message for a partition key that is missing or empty.
var errNoKey = errors.New("partitionKeys values must not be null or empty")

// eval gives the prefix of an object.
func (p prefix) eval(v values) (string, error) {
	var b strings.Builder
	for _, part := range p.parts {
		switch {
		case part.namespace == "":
			b.WriteString(part.literal)
		case part.namespace == nsKey:
			value := v.keys[part.value]
			if value == "" {
				return "", errNoKey
			}
			b.WriteString(value)
		case part.namespace == nsTimestamp:
			s, err := formatJava(part.value, v.arrival)
			if err != nil {
				return "", err
			}
			b.WriteString(s)
		case part.value == errorType:
			b.WriteString(v.errType)
		default:
			b.WriteString(strings.ToLower(rand.Text()[:11]))
		}
	}
	if b.Len() > maxPrefix {
		return "", fmt.Errorf("prefix is longer than %d characters: %s", maxPrefix, b.String())
	}
	return b.String(), nil
}

// javaFields are the letters of Java's DateTimeFormatter that are of use in a prefix, with Go's layout.
var javaFields = map[string]string{
	"yyyy": "2006", "yy": "06", "MM": "01", "M": "1", "MMM": "Jan", "dd": "02", "d": "2", "DDD": "002",
	"HH": "15", "mm": "04", "m": "4", "ss": "05", "s": "5", "EEE": "Mon", "EEEE": "Monday",
}

// formatJava formats a time in UTC by a Java pattern; text in single quotes and what is not a letter stands for itself.
func formatJava(pattern string, t time.Time) (string, error) {
	var b strings.Builder
	for i := 0; i < len(pattern); {
		c := pattern[i]
		if c == '\'' {
			text, _, closed := strings.Cut(pattern[i+1:], "'")
			if !closed {
				return "", fmt.Errorf("timestamp pattern %q has an open quote", pattern)
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
			return "", fmt.Errorf("timestamp pattern %q: %q is not supported", pattern, pattern[i:i+n])
		}
		b.WriteString(t.UTC().Format(layout))
		i += n
	}
	return b.String(), nil
}

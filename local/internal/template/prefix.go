package template

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Prefix is the parsed prefix of a stream's objects, with its !{namespace:value} expressions.
// Source: Firehose developer guide, "Custom prefixes for Amazon S3 objects".
type Prefix struct{ parts []prefixPart }

// prefixPart is literal text, or an expression if it has a namespace.
type prefixPart struct {
	literal string
	Expression
}

// Expression is one !{namespace:value} of a prefix.
type Expression struct{ Namespace, Value string }

func (e Expression) String() string { return "!{" + e.Namespace + ":" + e.Value + "}" }

// Namespaces of expressions, and the values of the namespace firehose.
const (
	keyNamespace       = "partitionKeyFromLambda"
	queryNamespace     = "partitionKeyFromQuery"
	timestampNamespace = "timestamp"
	firehoseNamespace  = "firehose"

	randomString    = "random-string"
	errorOutputType = "error-output-type"
)

// timestampSuffix is what Firehose appends to a prefix without expressions.
const timestampSuffix = "yyyy/MM/dd/HH/"

// maxEvaluated is how long an evaluated prefix may be.
const maxEvaluated = 512

// ParsePrefix parses a prefix. It does not check that [Prefix.Eval] knows the expressions; [Prefix.Supported] does.
func ParsePrefix(text string) (Prefix, error) {
	var p Prefix
	for rest := text; rest != ""; {
		literal, expression, found := strings.Cut(rest, "!{")
		if literal != "" {
			p.parts = append(p.parts, prefixPart{literal: literal})
		}
		if !found {
			break
		}
		inner, after, closed := strings.Cut(expression, "}")
		if !closed {
			return p, fmt.Errorf("expression !{%s is not of the form !{namespace:value}: the closing brace is missing", inner)
		}
		namespace, value, _ := strings.Cut(inner, ":")
		p.parts = append(p.parts, prefixPart{Expression: Expression{namespace, value}})
		rest = after
	}
	return p, nil
}

// Expressions returns the expressions in their order.
func (p Prefix) Expressions() []Expression {
	var all []Expression
	for _, part := range p.parts {
		if part.literal == "" {
			all = append(all, part.Expression)
		}
	}
	return all
}

// Folder returns the folder of all objects of the prefix, without a slash at its end.
func (p Prefix) Folder() string {
	if len(p.parts) == 0 {
		return ""
	}
	folder := p.parts[0].literal
	return folder[:max(0, strings.LastIndexByte(folder, '/'))]
}

// Supported returns an error that names an expression that [Prefix.Eval] does not know, nil if it knows all.
func (p Prefix) Supported() error {
	for _, e := range p.Expressions() {
		switch {
		case e.Namespace == keyNamespace && e.Value != "":
		case e.Namespace == firehoseNamespace && (e.Value == randomString || e.Value == errorOutputType):
		case e.Namespace == timestampNamespace:
			if _, err := formatJava(e.Value, time.Unix(0, 0)); err != nil {
				return err
			}
		default:
			return fmt.Errorf("the local stack does not support the expression %v", e)
		}
	}
	return nil
}

// PrefixValues are the values for the expressions of a prefix.
type PrefixValues struct {
	Keys      map[string]string // partition keys that the transform named
	Arrival   time.Time         // of the oldest record for the object, even if that record then fails or is damaged
	ErrorType string            // error-output-type
}

// errNoKey is Firehose's message for a partition key that is missing or empty.
var errNoKey = errors.New("partitionKeys values must not be null or empty")

// Eval returns the prefix of one object.
func (p Prefix) Eval(v PrefixValues) (string, error) {
	var b strings.Builder
	expressions := 0
	for _, part := range p.parts {
		if part.literal != "" {
			b.WriteString(part.literal)
			continue
		}
		expressions++
		text, err := v.text(part.Expression)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	if expressions == 0 {
		text, err := formatJava(timestampSuffix, v.Arrival)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	if b.Len() > maxEvaluated {
		return "", fmt.Errorf("the prefix is longer than %d characters: %s", maxEvaluated, b.String())
	}
	return b.String(), nil
}

// text returns the value of one expression.
func (v PrefixValues) text(e Expression) (string, error) {
	switch {
	case e.Namespace == keyNamespace:
		if value := v.Keys[e.Value]; value != "" {
			return value, nil
		}
		return "", errNoKey
	case e.Namespace == timestampNamespace:
		return formatJava(e.Value, v.Arrival)
	case e.Value == errorOutputType:
		return v.ErrorType, nil
	case e.Value == randomString:
		return strings.ToLower(rand.Text()[:11]), nil
	}
	return "", fmt.Errorf("the local stack does not support the expression %v", e)
}

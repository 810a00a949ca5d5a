package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// setting declares one setting: its names, its default and what is allowed.
type setting struct {
	key      string // context key; empty: environment only
	env      string // environment variable; empty: context only
	fallback string
	derive   func(Config) string // the default, if it follows from settings above this one
	want     string              // what is allowed, for people
	why      string              // the reason, if it is not obvious
	// set checks a value and stores it. It returns false if the value is not allowed.
	set func(c *Config, v string) bool
}

var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
	cron       = regexp.MustCompile(
		`^cron\([0-9*,/-]+ [0-9*,/-]+ ([0-9*,/?LW-]+) [0-9A-Z*,/-]+ ([0-9A-Z*,/?#-]+) [0-9*,/-]+\)$`)
	prefixFolder = regexp.MustCompile(`^([A-Za-z0-9-][A-Za-z0-9_.-]*/)+$`)
)

func prefixAllowed(v string) bool {
	return prefixFolder.MatchString(v) && len(v) <= 256 &&
		!slices.ContainsFunc(reservedFolders(), func(folder string) bool { return strings.HasPrefix(v, folder) })
}

// scheduleAllowed reports whether a schedule has the form that Glue takes. It does not check that the day exists.
func scheduleAllowed(v string) bool {
	fields := cron.FindStringSubmatch(v)
	return fields != nil && (fields[1] == "?") != (fields[2] == "?")
}

// only declares a variable of this project's Python version that now has one allowed value. An old .env file with another value
// then gets an error and is not ignored.
func only(env, value string) setting {
	return setting{
		env: env, fallback: value, want: value + ", or unset",
		why: "the transform is a Go program that the app builds itself; an .env of the Python version does not apply",
		set: func(_ *Config, v string) bool { return v == value },
	}
}

// match accepts values that the whole pattern matches, and the empty value of an unset setting.
func match(pattern string, field func(*Config) *string) func(*Config, string) bool {
	whole := regexp.MustCompile(`^(?:` + pattern + `)$`)
	return func(c *Config, v string) bool {
		*field(c) = v
		return v == "" || whole.MatchString(v)
	}
}

// number accepts whole numbers from low to high.
func number(low, high int, store func(*Config, int)) func(*Config, string) bool {
	return func(c *Config, v string) bool {
		n, err := strconv.Atoi(v)
		if err != nil || n < low || n > high || strconv.Itoa(n) != v {
			return false
		}
		store(c, n)
		return true
	}
}

var tag = regexp.MustCompile(`^([A-Za-z0-9 _.:/+@-]{1,128})=([A-Za-z0-9 _.:/+@-]{0,256})$`)

// tags accepts a list name=value,name=value with different names.
func tags(c *Config, v string) bool {
	if v == "" {
		return true
	}
	c.Tags = map[string]string{}
	for pair := range strings.SplitSeq(v, ",") {
		fields := tag.FindStringSubmatch(pair)
		if fields == nil || strings.HasPrefix(strings.ToLower(fields[1]), "aws:") {
			return false
		}
		if _, twice := c.Tags[fields[1]]; twice {
			return false
		}
		c.Tags[fields[1]] = fields[2]
	}
	return len(c.Tags) <= 40
}

// yes accepts true and false.
func yes(field func(*Config) *bool) func(*Config, string) bool {
	return func(c *Config, v string) bool {
		*field(c) = v == "true"
		return v == "true" || v == "false"
	}
}

// apply checks a value and stores it in the configuration.
func (s setting) apply(c *Config, v value) error {
	if v.unset && s.derive != nil {
		s.set(c, s.derive(*c)) // derived from values that are checked already
		return nil
	}
	given := text(v.raw)
	// Only a default may be empty. A key that is set to an empty value is a mistake.
	if plain(v.raw) && (given != "" || v.unset) && s.set(c, given) {
		return nil
	}
	problem := fmt.Errorf("%s: %q is not allowed; want %s", v.source, given, s.want)
	if s.why != "" {
		problem = fmt.Errorf("%w: %s", problem, s.why)
	}
	return problem
}

// plain reports whether a context value has a type that settings have: text or, in cdk.json, a number.
func plain(raw any) bool {
	switch raw.(type) {
	case string, float64:
		return true
	}
	return false
}

func text(raw any) string {
	if n, ok := raw.(float64); ok {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return fmt.Sprint(raw)
}

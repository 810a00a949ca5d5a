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
	why      string              // the reason, where it is not plain
	// set checks a value and stores it; false where it is not allowed.
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

// scheduleAllowed says whether Glue takes a schedule. It knows the form, not the length of months.
func scheduleAllowed(v string) bool {
	fields := cron.FindStringSubmatch(v)
	return fields != nil && (fields[1] == "?") != (fields[2] == "?")
}

// only declares a variable of the predecessor that has one value left, so that an old .env gets an answer instead of
// being ignored.
func only(env, value string) setting {
	return setting{
		env: env, fallback: value, want: value + ", or unset",
		why: "the transform is a Go program that the app builds itself; an .env of the Python version does not apply",
		set: func(_ *Config, v string) bool { return v == value },
	}
}

// match takes the values that pattern matches as a whole. An unset value is left empty.
func match(pattern string, field func(*Config) *string) func(*Config, string) bool {
	whole := regexp.MustCompile(`^(?:` + pattern + `)$`)
	return func(c *Config, v string) bool {
		*field(c) = v
		return v == "" || whole.MatchString(v)
	}
}

// number takes whole numbers from low to high.
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

// tags takes names with values, none twice.
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

// yes takes true and false.
func yes(field func(*Config) *bool) func(*Config, string) bool {
	return func(c *Config, v string) bool {
		*field(c) = v == "true"
		return v == "true" || v == "false"
	}
}

// apply checks the value that was found and stores it.
func (s setting) apply(c *Config, v value) error {
	if v.unset && s.derive != nil {
		s.set(c, s.derive(*c)) // what it follows from was checked
		return nil
	}
	given := text(v.raw)
	// Only a default may be empty: a key that is given with nothing in it is a mistake.
	if plain(v.raw) && (given != "" || v.unset) && s.set(c, given) {
		return nil
	}
	problem := fmt.Errorf("%s: %q is not allowed; want %s", v.source, given, s.want)
	if s.why != "" {
		problem = fmt.Errorf("%w: %s", problem, s.why)
	}
	return problem
}

// plain says whether a context value is one that a setting can have: text, or a number as cdk.json may give it.
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

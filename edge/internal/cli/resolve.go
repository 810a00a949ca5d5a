package cli

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// value is what the command line says of a setting, unchecked: all settings are checked together, so that all that is
// wrong can be said at once.
type value struct {
	setting
	given []string
}

// Set implements [pflag.Value].
func (v *value) Set(s string) error {
	if !v.repeats {
		v.given = v.given[:0]
	}
	v.given = append(v.given, s)
	return nil
}

// String implements [pflag.Value]: the default, which help shows.
func (v *value) String() string { return v.fallback }

// Type implements [pflag.Value]: what help shows for the value.
func (v *value) Type() string { return v.kind }

// declare adds the flags of a command.
func declare(flags *pflag.FlagSet, c command) []*value {
	flags.SortFlags = false
	var values []*value
	for _, s := range settings() {
		if s.commands&c != 0 {
			v := &value{setting: s}
			flags.Var(v, s.name, s.usage)
			values = append(values, v)
		}
	}
	return values
}

const variablePrefix = "METRICS_EDGE_"

// variable is the name of a setting's environment variable.
func (s setting) variable() string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

// resolve makes a configuration of flags, environment and defaults, in this order of precedence. The error names each
// problem on a line of its own.
func resolve(values []*value, environ []string) (c config, err error) {
	env, errs := readEnviron(environ)
	explicitLatency := ""
	for _, v := range values {
		given, from := v.given, "--"+v.name
		if text, ok := env[v.variable()]; ok && len(given) == 0 {
			given, from = []string{text}, v.variable()
			if v.repeats {
				given = strings.Split(text, ",")
			}
		}
		if len(given) > 0 && v.name == "max-latency" {
			explicitLatency = fmt.Sprintf("%s %q", from, given[0])
		}
		if len(given) == 0 && v.fallback != "" {
			given = []string{v.fallback}
		}
		for _, g := range given {
			if err := v.set(&c, g); err != nil {
				errs = append(errs, fmt.Errorf("%s %q: %w", from, g, err))
			}
		}
	}
	if len(errs) == 0 && c.interval > 0 {
		errs = append(errs, c.checkTogether(explicitLatency))
	}
	if c.spoolDir == "" {
		c.spoolDir = stateDir(runtime.GOOS, os.Geteuid(), lookup(environ))
	}
	return c, errors.Join(errs...)
}

// readEnviron returns our variables by name. An empty one counts as not set. One that no command knows is a mistake: a
// setting that was meant would be silently ignored.
func readEnviron(environ []string) (env map[string]string, errs []error) {
	var known []string
	for _, s := range settings() {
		known = append(known, s.variable())
	}
	env = map[string]string{}
	for _, e := range environ {
		name, text, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, variablePrefix) || text == "" {
			continue
		}
		if slices.Contains(known, name) {
			env[name] = text
			continue
		}
		errs = append(errs, fmt.Errorf("%s: no such setting%s", name, suggest(name, known)))
	}
	return env, errs
}

// suggest names the nearest of the known names, by the measure that cobra has for commands.
func suggest(name string, known []string) string {
	parent := &cobra.Command{SuggestionsMinimumDistance: 3}
	for _, k := range known {
		parent.AddCommand(&cobra.Command{Use: k, Run: func(*cobra.Command, []string) {}})
	}
	if near := parent.SuggestionsFor(name); len(near) > 0 {
		return "; did you mean " + near[0] + "?"
	}
	return "; see edge run --help"
}

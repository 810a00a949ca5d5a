package config

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Source is where the settings of a command come from.
type Source struct {
	values  []*value
	environ []string
}

// value is what the command line says of a setting, unchecked: all settings are checked together, so that all that is
// wrong can be said at once.
type value struct {
	setting
	given []string
}

// Set implements [pflag.Value].
func (v *value) Set(s string) error {
	if v.traits&repeats == 0 {
		v.given = v.given[:0]
	}
	v.given = append(v.given, s)
	return nil
}

// String implements [pflag.Value]: the default, which help shows.
func (v *value) String() string { return v.fallback }

// Type implements [pflag.Value]: what help shows for the value.
func (v *value) Type() string {
	if v.traits&isBool != 0 {
		return "bool" // pflag shows no value and no default false then
	}
	return v.kind
}

// Declare adds the flags of a command. The environment is as os.Environ gives it.
func Declare(cmd *cobra.Command, c Command, environ []string) *Source {
	flags := cmd.Flags()
	flags.SortFlags = false
	source := &Source{environ: environ}
	for _, s := range settings() {
		if s.commands&c == 0 {
			continue
		}
		v := &value{setting: s}
		flag := &pflag.Flag{Name: s.name, Usage: s.usage, Value: v, DefValue: v.String()}
		if s.traits&isBool != 0 {
			flag.NoOptDefVal = "true"
		}
		flags.AddFlag(flag)
		if choices := s.choices(); choices != nil {
			// It fails only for a flag that is not there.
			_ = cmd.RegisterFlagCompletionFunc(s.name, cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp))
		}
		source.values = append(source.values, v)
	}
	return source
}

// Local is what this machine says: flags, environment and file, as they were when they were loaded.
type Local struct {
	values  []*value
	environ []string
	layers  []layer // the least specific first
	errs    []error
}

// layer is what one place says, by the names of settings.
type layer map[string][]given

// given is one value, and where it stands.
type given struct{ from, text string }

func (g given) String() string { return fmt.Sprintf("%s %q", g.from, g.text) }

// Load reads what this machine says, the file anew. What is wrong with it [Local.With] says.
func (s *Source) Load() Local {
	l := Local{values: s.values, environ: s.environ}
	flags := layer{}
	for _, v := range s.values {
		for _, g := range v.given {
			flags[v.name] = append(flags[v.name], given{"--" + v.name, g})
		}
	}
	variables, errs := readEnviron(s.environ)
	l.errs = append(l.errs, errs...)
	path := defaultFile()
	named := ""
	for _, g := range append(variables[configName], flags[configName]...) {
		path, named = g.text, g.from
	}
	file, errs := readFile(path, named)
	l.errs = append(l.errs, errs...)
	l.layers = []layer{file, variables, flags}
	return l
}

// With makes a configuration of what this machine says and of the stack's edge-config, empty where there is none. The
// error names each problem on a line of its own.
func (l Local) With(central string) (Config, error) {
	shared, errs := readCentral(central)
	errs = append(l.errs[:len(l.errs):len(l.errs)], errs...)
	layers := append([]layer{shared}, l.layers...)
	var c Config
	chosen := map[string]given{}
	for _, v := range l.values {
		if v.traits&repeats != 0 {
			errs = append(errs, v.addUp(&c, layers)...)
			continue
		}
		g := given{"default of --" + v.name, v.fallback}
		set := v.fallback != ""
		for _, some := range layers {
			if all := some[v.name]; len(all) > 0 {
				g, set = all[0], true
				chosen[v.name] = g
			}
		}
		if !set {
			continue
		}
		if err := v.set(&c, g.text); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", g, err))
		}
	}
	if c.SpoolDir == "" {
		c.SpoolDir = stateDir(runtime.GOOS, os.Geteuid(), lookup(l.environ))
	}
	errs = append(errs, c.checkTogether(chosen)...)
	return c, errors.Join(errs...)
}

// addUp sets a setting of several values: those of all layers, of which the more specific wins where they have the same key.
func (v *value) addUp(c *Config, layers []layer) (errs []error) {
	merged := map[string]string{}
	for _, some := range layers {
		var one Config
		for _, g := range some[v.name] {
			if err := v.set(&one, g.text); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", g, err))
			}
		}
		maps.Copy(merged, one.Labels.Tags)
	}
	if len(merged) > maxTags {
		errs = append(errs, fmt.Errorf("%d tags from all sources together: at most %d are allowed", len(merged), maxTags))
	}
	if len(merged) > 0 {
		c.Labels.Tags = merged
	}
	return errs
}

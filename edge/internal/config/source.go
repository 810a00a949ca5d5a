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
	flags   []*flag
	environ []string
}

// flag is a setting and what the command line gives for it. The values are checked together with those of the other sources,
// so that one error names all problems.
type flag struct {
	setting
	texts []string
}

// Set implements [pflag.Value].
func (f *flag) Set(text string) error {
	if !f.repeats {
		f.texts = f.texts[:0]
	}
	f.texts = append(f.texts, text)
	return nil
}

// String implements [pflag.Value]: the default, which help shows.
func (f *flag) String() string { return f.fallback }

// Type implements [pflag.Value]: what help shows for the value.
func (f *flag) Type() string {
	if f.boolean {
		return "bool" // pflag then shows neither a value nor the default false
	}
	return f.value
}

// Declare adds the flags of a command. The environment has the form of os.Environ.
func Declare(cmd *cobra.Command, c Command, environ []string) *Source {
	flags := cmd.Flags()
	flags.SortFlags = false
	source := &Source{environ: environ}
	for _, s := range settings() {
		if !s.of(c) {
			continue
		}
		f := &flag{setting: s}
		declared := &pflag.Flag{Name: s.name, Usage: s.usage, Value: f, DefValue: f.String()}
		if s.boolean {
			declared.NoOptDefVal = "true"
		}
		flags.AddFlag(declared)
		if s.choices != nil {
			// It fails only if the flag does not exist.
			_ = cmd.RegisterFlagCompletionFunc(s.name, cobra.FixedCompletions(s.choices, cobra.ShellCompDirectiveNoFileComp))
		}
		source.flags = append(source.flags, f)
	}
	return source
}

// Local is what this machine's flags, environment and file said when they were loaded.
type Local struct {
	flags   []*flag
	environ []string
	layers  []layer // the least specific first
	errs    []error
}

// layer is what one source gives, by the names of settings.
type layer map[string][]given

// given is one value, and the source that gives it.
type given struct{ from, text string }

func (g given) String() string { return fmt.Sprintf("%s %q", g.from, g.text) }

// Load reads flags, environment and file. [Local.With] returns the problems it finds.
func (s *Source) Load() Local {
	l := Local{flags: s.flags, environ: s.environ}
	line := layer{}
	for _, f := range s.flags {
		for _, text := range f.texts {
			line[f.name] = append(line[f.name], given{from: "--" + f.name, text: text})
		}
	}
	variables, errs := readEnviron(s.environ)
	l.errs = append(l.errs, errs...)
	path := defaultFile()
	named := ""
	for _, g := range append(variables[configName], line[configName]...) {
		path, named = g.text, g.from
	}
	file, errs := readFile(path, named)
	l.errs = append(l.errs, errs...)
	l.layers = []layer{file, variables, line}
	return l
}

// With returns the configuration of this machine and of the stack's edge-config, which is empty if there is none. The error
// names each problem on a line of its own.
func (l Local) With(central string) (Config, error) {
	shared, errs := readCentral(central)
	errs = append(l.errs[:len(l.errs):len(l.errs)], errs...)
	layers := append([]layer{shared}, l.layers...)
	var c Config
	chosen := map[string]given{}
	for _, f := range l.flags {
		if f.repeats {
			errs = append(errs, f.addUp(&c, layers)...)
			continue
		}
		g := given{from: "default of --" + f.name, text: f.fallback}
		set := f.fallback != ""
		for _, source := range layers {
			if texts := source[f.name]; len(texts) > 0 {
				g, set = texts[0], true
				chosen[f.name] = g
			}
		}
		if !set {
			continue
		}
		if err := f.set(&c, g.text); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", g, err))
		}
	}
	if c.SpoolDir == "" {
		c.SpoolDir = stateDir(runtime.GOOS, os.Geteuid(), lookup(l.environ))
	}
	errs = append(errs, c.checkTogether(chosen)...)
	return c, errors.Join(errs...)
}

// addUp sets a setting that repeats: it merges the values of all layers. For equal keys the more specific layer wins.
func (f *flag) addUp(c *Config, layers []layer) (errs []error) {
	merged := map[string]string{}
	for _, source := range layers {
		var one Config
		for _, g := range source[f.name] {
			if err := f.set(&one, g.text); err != nil {
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

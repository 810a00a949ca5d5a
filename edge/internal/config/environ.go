package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// readEnviron returns what our variables say. An empty one counts as not set. One that no command knows is a mistake: a
// setting that was meant would be silently ignored.
func readEnviron(environ []string) (layer, []error) {
	var errs []error
	all := settings()
	known := make([]string, len(all))
	for i, s := range all {
		known[i] = s.variable()
	}
	found := layer{}
	for _, e := range environ {
		name, text, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, variablePrefix) || text == "" {
			continue
		}
		i := slices.Index(known, name)
		if i < 0 {
			errs = append(errs, fmt.Errorf("%s: no such setting%s", name, suggest(name, known)))
			continue
		}
		texts := []string{text}
		if all[i].traits&repeats != 0 {
			texts = strings.Split(text, ",")
		}
		for _, t := range texts {
			found[all[i].name] = append(found[all[i].name], given{name, t})
		}
	}
	return found, errs
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

package config

import (
	"fmt"
	"regexp"
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
		if i < 0 && serviceLink(name, environ) {
			continue
		}
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

// serviceLinks is what the names of the variables look like that Kubernetes gives each container of a namespace for each service in
// it, after the service's own name ("Discovering services", Kubernetes documentation).
const serviceLinks = `^(.+?)_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`

// serviceLink reports whether a variable is one of those of a service whose name begins as our variables do, such as
// metrics-edge: it is not a setting that somebody meant.
func serviceLink(name string, environ []string) bool {
	m := regexp.MustCompile(serviceLinks).FindStringSubmatch(name) // seldom, so that it is not kept
	return m != nil && slices.ContainsFunc(environ, func(e string) bool { return strings.HasPrefix(e, m[1]+"_SERVICE_HOST=") })
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

package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// readEnviron returns the settings that our variables give. An empty variable counts as not set. An unknown one is an error:
// otherwise a misspelled setting would be ignored silently.
func readEnviron(environ []string) (layer, []error) {
	var errs []error
	table := settings()
	known := make([]string, len(table))
	for i, s := range table {
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
		if table[i].repeats {
			texts = strings.Split(text, ",")
		}
		for _, t := range texts {
			found[table[i].name] = append(found[table[i].name], given{from: name, text: t})
		}
	}
	return found, errs
}

// serviceLinks matches the variables by which Kubernetes tells each container of a namespace about the services in it. Their names
// begin with the service's ("Discovering services", Kubernetes documentation).
const serviceLinks = `^(.+?)_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`

// serviceLink reports whether a variable is about a Kubernetes service. Those of a service metrics-edge begin as our variables
// do, but they are not settings.
func serviceLink(name string, environ []string) bool {
	m := regexp.MustCompile(serviceLinks).FindStringSubmatch(name) // needed too seldom to keep it compiled
	return m != nil && slices.ContainsFunc(environ, func(e string) bool { return strings.HasPrefix(e, m[1]+"_SERVICE_HOST=") })
}

// suggest names the known name that is nearest, by cobra's measure for commands.
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

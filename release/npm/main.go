// Command npm checks the licences of npm packages as package-lock.json states them: each must be one that is allowed. It prints the names
// of the packages that are not only tools of development, one a line: what such a package asks for has to go along with the program that
// embeds it.
//
// Usage: npm ALLOWED LOCK…: the SPDX identifiers that are allowed, with commas, and the lock files.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "npm: %v\n", err)
		os.Exit(1)
	}
}

// lock is a package-lock.json of version 2 or 3. The keys are folders below the project; "" is the project itself.
type lock struct {
	Packages map[string]struct {
		License string `json:"license"`
		Dev     bool   `json:"dev"`
	} `json:"packages"`
}

func run(args []string, stdout io.Writer) error {
	if len(args) < 2 {
		return errors.New("want the licences that are allowed and at least one package-lock.json")
	}
	allowed := strings.Split(args[0], ",")
	var problems []error
	for _, file := range args[1:] {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var l lock
		if err := json.Unmarshal(text, &l); err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
		delete(l.Packages, "")
		if len(l.Packages) == 0 {
			return fmt.Errorf("read %s: it lists no packages; npm 7 or newer writes them", file)
		}
		for _, folder := range slices.Sorted(maps.Keys(l.Packages)) {
			p := l.Packages[folder]
			name := folder[strings.LastIndex(folder, "node_modules/")+len("node_modules/"):]
			if !permits(p.License, allowed) {
				problems = append(problems, fmt.Errorf("%s: the licence of %s is %q, want one of %s", file, folder, p.License, args[0]))
			}
			if !p.Dev {
				if _, err := fmt.Fprintln(stdout, name); err != nil {
					return err
				}
			}
		}
	}
	return errors.Join(problems...)
}

// permits says whether an SPDX expression lets one use the package under licences that are allowed. OR binds weaker than AND. WITH and
// nested parentheses are refused, because no package needs them.
func permits(expression string, allowed []string) bool {
	if inner, ok := strings.CutPrefix(expression, "("); ok {
		expression, ok = strings.CutSuffix(inner, ")")
		if !ok {
			return false
		}
	}
	for choice := range strings.SplitSeq(expression, " OR ") {
		all := true
		for id := range strings.SplitSeq(choice, " AND ") {
			all = all && slices.Contains(allowed, id)
		}
		if all {
			return true
		}
	}
	return false
}

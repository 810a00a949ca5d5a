package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// ours matches context keys of this app. Keys of the CDK, its CLI and its libraries contain a colon, a slash or an at sign.
var ours = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// unknown returns a problem for each name in the context or in .env that no setting has. It does not check the environment,
// because most variables there belong to other programs.
func (s Sources) unknown(all []setting) []error {
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(s.Context)) {
		if ours.MatchString(key) && !slices.ContainsFunc(all, func(s setting) bool { return s.key == key }) {
			problems = append(problems, fmt.Errorf("context key %s: no such setting%s", key,
				answer(key, all, func(s setting) string { return s.key })))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.DotEnv)) {
		if !slices.ContainsFunc(all, func(s setting) bool { return s.env == name }) {
			problems = append(problems, fmt.Errorf(".env variable %s: no such setting%s", name,
				answer(name, all, func(s setting) string { return s.env })))
		}
	}
	return problems
}

// answer returns the end of an error about an unknown name: what to do instead.
func answer(name string, all []setting, spelled func(setting) string) string {
	switch plain := squash(name); {
	case strings.HasPrefix(name, "AWS_"):
		return ": the CDK CLI does not read .env and would use other credentials; set the variable in the shell"
	case strings.HasSuffix(plain, "arn"):
		return ": CloudFormation finds the stack's resources by itself; remove the line"
	default:
		best, distance := "", 2+len(plain)/3 // a name with a larger distance is not a misspelling
		for _, s := range all {
			if d := levenshtein.ComputeDistance(plain, squash(spelled(s))); spelled(s) != "" && d < distance {
				best, distance = spelled(s), d
			}
		}
		if best == "" {
			return "; remove it"
		}
		return "; did you mean " + best + "?"
	}
}

// squash makes bufferingSize, BUFFERING_SIZE and buffering-size equal.
func squash(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "").Replace(name))
}

package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// ours is a context key that can be meant for this app only: those of the CDK, its CLI and its libraries have a colon, a
// slash or an at sign.
var ours = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// unknown are the problems of names that no setting has: in the context, and in .env, which holds the stack's settings
// only. Other variables of the environment are other programs' business.
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

// answer says what would be right instead of a name that no setting has.
func answer(name string, all []setting, spelled func(setting) string) string {
	switch plain := squash(name); {
	case strings.HasPrefix(name, "AWS_"):
		return ": the CDK CLI does not read .env, so that it would deploy as somebody else; set it in the shell"
	case strings.HasSuffix(plain, "arn"):
		return ": CloudFormation keeps track of what it made; remove the line"
	default:
		best, distance := "", 2+len(plain)/3 // a name that is further away is no misspelling
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

// squash makes bufferingSize, BUFFERING_SIZE and buffering-size one.
func squash(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "", ".", "").Replace(name))
}

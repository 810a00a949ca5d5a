package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// checkChosen refuses a host, environment or role that the samples do not have: most likely it was mistyped, and an answer without rows
// would hide that. It looks in the range of the panel first. If the value is not there, it looks in the time before the range for which
// a silent host is listed, and in as much time up to now.
func checkChosen(ctx context.Context, e engine, p panels.Params, now time.Time, notes io.Writer) error {
	ranges := []panels.Range{p.Range, {From: p.Range.From.Add(-panels.ForgetAfter), To: p.Range.From}}
	if p.Range.To.Before(now) {
		ranges = append(ranges, panels.Range{From: now.Add(-panels.ForgetAfter), To: now})
	}
	for _, c := range []struct{ flag, value string }{{"host", p.Host}, {"env", p.Env}, {"role", p.Role}} {
		if c.value == "" {
			continue
		}
		var known []string
		for _, r := range ranges {
			values, err := valuesOf(ctx, e, "filters-hosts", c.flag,
				panels.Params{Range: r, Bucket: p.Bucket, Series: p.Series, Delay: p.Delay, Once: p.Once}, notes)
			if err != nil {
				return err
			}
			known = append(known, values...)
			if slices.Contains(known, c.value) {
				break
			}
		}
		if len(known) > 0 && !slices.Contains(known, c.value) { // an empty lake is not a mistake of the flag
			return program.Refusef("--%s %s: no sample has it%s", c.flag, c.value, suggestion(c.value, known))
		}
	}
	return nil
}

// valuesOf returns the values of a column of a panel, each once. With the column tag they are key=value.
func valuesOf(ctx context.Context, e engine, id, column string, params panels.Params, notes io.Writer) (values []string, err error) {
	panel, ok := panels.Find(id)
	if !ok {
		return nil, fmt.Errorf("there is no panel %s", id)
	}
	q, err := panels.Bind(panel, params, e.Form(ctx))
	if err != nil {
		return nil, err
	}
	r, err := e.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list what there is to choose from: %w", err)
	}
	if r.Cost != nil {
		fmt.Fprintf(notes, "dashboard: list what there is to choose from: %s\n", costText(*r.Cost))
	}
	seen := map[string]bool{}
	for i := range r.Rows() {
		value, ok := r.Data[r.Index(column)][i].(string)
		if !ok {
			continue // a sample without an environment or role
		}
		if column == "tag" {
			value += "=" + fmt.Sprint(r.Data[r.Index("value")][i])
		}
		if !seen[value] {
			seen[value] = true
			values = append(values, value)
		}
	}
	return values, nil
}

// suggestions is how many names an error suggests at most.
const suggestions = 3

// suggestion names those of the known names that are nearest. If no name is near, it says how to list all.
func suggestion(name string, known []string) string {
	near := nearest(name, known)
	if len(near) == 0 {
		return "; dashboard panels --range 30d filters-hosts lists all"
	}
	if len(near) > suggestions {
		near = near[:suggestions]
	}
	return "; did you mean " + strings.Join(near, " or ") + "?"
}

// nearest returns the known names that differ from a name in at most a third of its letters, or that contain it, nearest first.
func nearest(name string, known []string) []string {
	typed := strings.ToLower(name)
	distance := func(k string) int { return levenshtein.ComputeDistance(typed, strings.ToLower(k)) }
	var near []string
	for _, k := range known {
		if distance(k) <= max(2, len(typed)/3) || len(typed) > 2 && strings.Contains(strings.ToLower(k), typed) {
			near = append(near, k)
		}
	}
	slices.SortFunc(near, func(a, b string) int { return cmp.Or(distance(a)-distance(b), strings.Compare(a, b)) })
	return slices.Compact(near)
}

package stack_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/stack"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

func savedQueries(t *testing.T) []stack.Query {
	t.Helper()
	list, err := stack.Queries("samples", 6*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// A query must filter on all partition keys. Otherwise it reads the whole lake.
func TestQueriesFilterOnPartitions(t *testing.T) {
	seen := map[string]bool{}
	for _, q := range savedQueries(t) {
		reads := strings.Count(q.SQL, `FROM "samples"`)
		if reads == 0 {
			t.Errorf("%s reads no samples", q.Name)
		}
		for _, key := range record.PartitionKeys() {
			if n := len(regexp.MustCompile(`(WHERE|OR) `+key+` BETWEEN date_format\(from_unixtime\(\(+to_unixtime\(`).FindAllString(q.SQL, -1)); n != reads {
				t.Errorf("%s reads the table %d times and bounds %s %d times", q.Name, reads, key, n)
			}
		}
		bound := strings.Join(record.PartitionKeys(), " || ") + " BETWEEN date_format("
		if n := strings.Count(q.SQL, bound); n != reads {
			t.Errorf("%s reads the table %d times and bounds the hour %d times", q.Name, reads, n)
		}
		if seen[q.ID] || seen[q.Name] || seen[q.SQL] || q.Description == "" || !regexp.MustCompile(`^[a-z]+(-[a-z]+)+$`).MatchString(q.ID) {
			t.Errorf("%+v: id, name or query is not its own, or there is no description", q)
		}
		seen[q.ID], seen[q.Name], seen[q.SQL] = true, true, true
		if strings.ContainsAny(q.SQL, "?:;") || len(q.SQL) > 262144 || len(q.Name) > 128 || len(q.Description) > 1024 {
			t.Errorf("%s: a parameter is left, or Athena's limits are passed", q.Name)
		}
	}
}

// Every panel of the menu has a query: under its own name, or under that of an earlier panel with the same SQL.
func TestEveryPanelHasItsQuery(t *testing.T) {
	saved := panels.Saved{Form: panels.Athena(`"samples"`), Spans: []time.Duration{24 * time.Hour}, Delay: 6 * time.Minute}
	left := map[string]string{}
	for _, q := range savedQueries(t) {
		left[q.SQL] = q.Name
	}
	found := map[string]bool{}
	for _, d := range append(panels.All(), panels.Dashboard{Panels: panels.Questions()}) {
		for _, p := range d.Panels {
			sql, err := saved.SQL(d, p)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := left[sql]; ok == d.Hidden {
				t.Errorf("%s has a query: %v", p.ID, ok)
			}
			found[sql] = true
		}
	}
	for sql, name := range left {
		if !found[sql] && name != "OpenTelemetry: Samples" {
			t.Errorf("%s is the query of no panel", name)
		}
	}
	for _, name := range []string{"Questions: Samples and gaps", "Questions: Duplicates", "Network: Worst hosts", "OpenTelemetry: Samples", "Disk: Fullest or full soon"} {
		if !slices.Contains(slices.Collect(maps.Values(left)), name) {
			t.Errorf("there is no query %q", name)
		}
	}
}

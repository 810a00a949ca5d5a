package queries_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/queries"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// A query that does not filter on every partition key reads the whole lake.
func TestQueriesFilterOnPartitions(t *testing.T) {
	seen := map[string]bool{}
	for _, q := range queries.All("samples") {
		reads := strings.Count(q.SQL, `FROM "samples"`)
		if reads == 0 {
			t.Errorf("%s reads no samples", q.Name)
		}
		for _, key := range record.PartitionKeys() {
			if key == "hour" { // two days of 24 hours: the bound over all keys is what counts
				continue
			}
			if n := strings.Count(q.SQL, key+" IN (date_format(current_timestamp, "); n != reads {
				t.Errorf("%s reads the table %d times and filters %d times on %s", q.Name, reads, n, key)
			}
		}
		bound := strings.Join(record.PartitionKeys(), " || ") + " >= date_format("
		if n := strings.Count(q.SQL, bound); n != reads {
			t.Errorf("%s reads the table %d times and bounds the hour %d times", q.Name, reads, n)
		}
		if seen[q.ID] || seen[q.Name] || q.Description == "" || !regexp.MustCompile(`^[A-Za-z]+$`).MatchString(q.ID) {
			t.Errorf("%+v: id or name is not its own, or there is no description", q)
		}
		seen[q.ID], seen[q.Name] = true, true
		if strings.ContainsAny(q.SQL, "{};") || len(q.SQL) > 262144 || len(q.Name) > 128 || len(q.Description) > 1024 {
			t.Errorf("%s: a placeholder is left, or Athena's limits are passed", q.Name)
		}
	}
	for _, id := range []string{"PeakCPU", "NetworkErrors", "CPUAgainstMemory", "FullestDisks", "SamplesAndGaps", "Duplicates"} {
		if !seen[id] {
			t.Errorf("query %s is missing", id)
		}
	}
}

var column = regexp.MustCompile(`\b(?:cpu|ram|net|disk|swap|mem|io|load)[a-z0-9]*_[a-z_]+\b|\b(?:hostname|session_id|seq|ts|interval_s|event_time)\b`)

func TestQueriesUseTheContractsColumns(t *testing.T) {
	var columns []string
	for _, c := range record.Columns() {
		columns = append(columns, c.Name)
	}
	for _, q := range queries.All("samples") {
		names := column.FindAllString(q.SQL, -1)
		if len(names) == 0 {
			t.Errorf("%s uses no column", q.Name)
		}
		for _, name := range names {
			if !slices.Contains(columns, name) && !strings.Contains(q.SQL, " AS "+name) {
				t.Errorf("%s uses %s, which is no column", q.Name, name)
			}
		}
	}
}

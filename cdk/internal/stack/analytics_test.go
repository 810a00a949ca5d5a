package stack_test

import (
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/stack"
)

func TestWorkGroup(t *testing.T) {
	w := called(t, synthesized(t), "AWS::Athena::WorkGroup", "WorkGroup")
	check(t, "deletion", w.properties["RecursiveDeleteOption"], true)
	c := at(t, w.properties, "WorkGroupConfiguration")
	check(t, "enforced", at(t, c, "EnforceWorkGroupConfiguration"), true)
	check(t, "scan limit", at(t, c, "BytesScannedCutoffPerQuery"), float64(10<<30))
	results := at(t, c, "ResultConfiguration")
	check(t, "results", at(t, results, "OutputLocation"), "s3://${Bucket83908E77}/athena-results/")
	check(t, "encryption", at(t, results, "EncryptionConfiguration", "EncryptionOption"), "SSE_S3")
	check(t, "owner", at(t, results, "ExpectedBucketOwner"), "${AWS::AccountId}")
}

func TestNamedQueries(t *testing.T) {
	eachVariant(t, func(t *testing.T, name string, template map[string]any) {
		table := map[string]string{"everything": "s"}[name]
		if table == "" {
			table = "samples"
		}
		found := ofType(t, template, "AWS::Athena::NamedQuery")
		if all, err := stack.Queries(table, 7*time.Minute); err != nil || len(found) != len(all) {
			t.Errorf("%d named queries, want %d (%v)", len(found), len(all), err)
		}
		for _, q := range found {
			check(t, q.id+": workgroup", q.properties["WorkGroup"], "${WorkGroup}")
			check(t, q.id+": database", q.properties["Database"], "${DatabaseB269D8BB}")
			if sql := q.properties["QueryString"].(string); !strings.Contains(sql, `FROM "`+table+`"`) {
				t.Errorf("%s does not read the table: %s", q.id, sql)
			}
		}
	})
}

// Athena accepts 5 calls of CreateNamedQuery a second. CloudFormation creates resources at the same time if they do
// not depend on each other.
func TestNamedQueriesAreMadeByAndBy(t *testing.T) {
	eachVariant(t, func(t *testing.T, _ string, template map[string]any) {
		followers := map[string]int{}
		first := 0
		for _, q := range ofType(t, template, "AWS::Athena::NamedQuery") {
			if q.body["DependsOn"] == nil {
				first++
				continue
			}
			followers[list(q.body["DependsOn"])[0]]++
		}
		if first > 5 {
			t.Errorf("%d queries are made at once", first)
		}
		for id, n := range followers {
			if n > 1 {
				t.Errorf("%d queries wait for %s", n, id)
			}
		}
	})
}

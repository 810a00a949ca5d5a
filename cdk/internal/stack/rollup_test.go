package stack_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// The tables of the rollups have the columns and keys of the rollups, and real partitions: each is pointed at the folder of a run.
func TestRollupTables(t *testing.T) {
	eachVariant(t, func(t *testing.T, name string, template map[string]any) {
		samples := map[string]string{"everything": "s"}[name]
		if samples == "" {
			samples = "samples"
		}
		for _, r := range panels.Rollups() {
			table := at(t, called(t, template, "AWS::Glue::Table", "Rollup"+r.Name).properties, "TableInput")
			check(t, "name", at(t, table, "Name"), samples+"_"+r.Name)
			check(t, "location", at(t, table, "StorageDescriptor", "Location"), "s3://${Bucket83908E77}/rollup/"+r.Name+"/")
			check(t, "parameters", at(t, table, "Parameters"), "map[classification:parquet compressionType:none]")
			var got, want []string
			for _, c := range at(t, table, "StorageDescriptor", "Columns").([]any) {
				got = append(got, fmt.Sprint(at(t, c, "Name"), " ", at(t, c, "Type")))
			}
			for _, c := range r.Columns() {
				want = append(want, fmt.Sprint(c.Name, " ", c.Type))
			}
			if !slices.Equal(got, want) {
				t.Errorf("columns are\n%q, want\n%q", got, want)
			}
			var keys []string
			for _, key := range at(t, table, "PartitionKeys").([]any) {
				keys = append(keys, at(t, key, "Name").(string))
				check(t, "type of a partition key", at(t, key, "Type"), "string")
			}
			check(t, "keys", keys, r.PartitionKeys())
		}
	})
}

// The function knows what its program reads (functions/cmd/rollup), and a schedule starts it when the samples of an hour are there.
func TestRollupFunction(t *testing.T) {
	for name, want := range map[string][3]string{
		"default": {
			"map[Variables:map[BUCKET:${Bucket83908E77} DATABASE:${DatabaseB269D8BB} LOG_LEVEL:INFO MAX_SAMPLE_AGE_DAYS:14 PREFIX:analytics/ " +
				"RAW_RETENTION_DAYS:0 SETTLE:15m0s TABLE:${TABLE} WORKGROUP:${RollupWorkGroup}]]",
			"cron(20 * * * ? *)", "100",
		},
		"everything": {
			"map[Variables:map[BUCKET:${Bucket83908E77} DATABASE:${DatabaseB269D8BB} LOG_LEVEL:DEBUG MAX_SAMPLE_AGE_DAYS:18 PREFIX:a/b/ " +
				"RAW_RETENTION_DAYS:30 SETTLE:10m0s TABLE:${TABLE} WORKGROUP:${RollupWorkGroup}]]",
			"cron(15 * * * ? *)", "100",
		},
	} {
		template := templateOf(t, name)
		f := called(t, template, "AWS::Lambda::Function", "Rollup")
		check(t, "timeout", f.properties["Timeout"], 900)
		check(t, "architecture", f.properties["Architectures"], "[arm64]")
		table := called(t, template, "AWS::Glue::Table", "Table").id
		check(t, "environment", show(spelled(f.properties["Environment"])), strings.ReplaceAll(want[0], "${TABLE}", "${"+table+"}"))
		rule := called(t, template, "AWS::Events::Rule", "RollupSchedule")
		check(t, "schedule", rule.properties["ScheduleExpression"], want[1])
		check(t, "target", at(t, rule.properties, "Targets", 0, "Arn"), "${"+f.id+".Arn}")
		check(t, "repeated runs", called(t, template, "AWS::Lambda::EventInvokeConfig", "Rollup").properties["MaximumRetryAttempts"], 0)
		w := called(t, template, "AWS::Athena::WorkGroup", "RollupWorkGroup")
		check(t, "scan limit", at(t, w.properties, "WorkGroupConfiguration", "BytesScannedCutoffPerQuery"), float64(100<<30))
		if workgroup := w.properties["Name"]; workgroup == called(t, template, "AWS::Athena::WorkGroup", "WorkGroup").properties["Name"] {
			t.Errorf("the rollup shares the workgroup %v with people", workgroup)
		}
	}
}

// The function may change partitions of the rollups' tables only, and objects below rollup/ only.
func TestRollupMayOnlyRollUp(t *testing.T) {
	eachVariant(t, func(t *testing.T, _ string, template map[string]any) {
		role := references(called(t, template, "AWS::Lambda::Function", "Rollup").properties["Role"])[0]
		found := false
		for _, g := range grants(t, template) {
			if !slices.Contains(g.of, role) {
				continue
			}
			found = true
			for _, s := range g.statements {
				actions, on := strings.Join(list(s["Action"]), " "), strings.Join(list(s["Resource"]), " ")
				if strings.Contains(actions, "Partition") && strings.Contains(actions, "glue:Update") && !strings.Contains(on, "_1m") {
					t.Errorf("it may %s on %s", actions, on)
				}
				if strings.Contains(actions, "DeleteObject") && !strings.HasSuffix(on, "/rollup/*") || strings.Contains(actions, "Table") &&
					(strings.Contains(actions, "UpdateTable") || strings.Contains(actions, "DeleteTable")) {
					t.Errorf("it may %s on %s", actions, on)
				}
			}
		}
		if !found {
			t.Error("the function has no permissions")
		}
	})
}

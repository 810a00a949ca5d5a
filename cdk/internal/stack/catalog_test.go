package stack_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

func TestTableHasTheContractsColumns(t *testing.T) {
	table := at(t, one(t, synthesized(t), "AWS::Glue::Table").properties, "TableInput")
	var want, got []string
	for _, c := range record.Columns() {
		want = append(want, fmt.Sprint(c.Name, " ", c.Type, " ", c.Comment))
	}
	for _, c := range at(t, table, "StorageDescriptor", "Columns").([]any) {
		got = append(got, fmt.Sprint(at(t, c, "Name"), " ", at(t, c, "Type"), " ", at(t, c, "Comment")))
		if slices.Contains(record.PartitionKeys(), at(t, c, "Name").(string)) {
			t.Errorf("%v is a column of the files and a partition key", at(t, c, "Name"))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("columns are\n%q, want\n%q", got, want)
	}
	var keys []string
	for _, key := range at(t, table, "PartitionKeys").([]any) {
		keys = append(keys, at(t, key, "Name").(string))
		check(t, "type of a partition key", at(t, key, "Type"), "string")
	}
	if !slices.Equal(keys, record.PartitionKeys()) {
		t.Errorf("partition keys are %v, want %v", keys, record.PartitionKeys())
	}
}

func TestTableIsParquet(t *testing.T) {
	table := at(t, one(t, synthesized(t), "AWS::Glue::Table").properties, "TableInput")
	check(t, "type", at(t, table, "TableType"), "EXTERNAL_TABLE")
	check(t, "input", at(t, table, "StorageDescriptor", "InputFormat"),
		"org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat")
	check(t, "output", at(t, table, "StorageDescriptor", "OutputFormat"),
		"org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat")
	check(t, "serde", at(t, table, "StorageDescriptor", "SerdeInfo", "SerializationLibrary"),
		"org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe")
}

func TestProjection(t *testing.T) {
	table := at(t, one(t, synthesized(t), "AWS::Glue::Table").properties, "TableInput")
	want := map[string]any{"classification": "parquet", "projection.enabled": "true"}
	for key, c := range map[string]struct{ values, digits string }{
		"year": {"2020,2039", "4"}, "month": {"1,12", "2"}, "day": {"1,31", "2"}, "hour": {"0,23", "2"},
	} {
		want["projection."+key+".type"] = "integer"
		want["projection."+key+".range"] = c.values
		want["projection."+key+".digits"] = c.digits
	}
	parameters := at(t, table, "Parameters").(map[string]any)
	check(t, "parameters", parameters, want)
	for key, v := range parameters {
		if _, ok := v.(string); !ok {
			t.Errorf("parameter %s is a %T; Glue takes strings", key, v)
		}
	}
	for _, key := range record.PartitionKeys() {
		if parameters["projection."+key+".type"] == nil {
			t.Errorf("partition key %s is not projected, Athena would refuse the table", key)
		}
	}
}

// A sample that the transform takes must be found by Athena.
func TestProjectionStartsWithTheContract(t *testing.T) {
	start := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	now := start.AddDate(1, 0, 0)
	if err := record.CheckTS(record.TS(start), now); err != nil {
		t.Errorf("the first year of the projection begins too early: %v", err)
	}
	if record.CheckTS(record.TS(start.Add(-time.Second)), now) == nil {
		t.Error("the contract takes samples from before the first year of the projection")
	}
}

package stack_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

func TestTableHasTheContractsColumns(t *testing.T) {
	table := at(t, called(t, synthesized(t), "AWS::Glue::Table", "Table").properties, "TableInput")
	var want, got []string
	var described [][]record.Column // what each comment says
	for _, c := range record.Columns() {
		want = append(want, fmt.Sprint(c.Name, " ", c.Type))
		described = append(described, append([]record.Column{c}, c.Fields...))
	}
	for i, c := range at(t, table, "StorageDescriptor", "Columns").([]any) {
		got = append(got, fmt.Sprint(at(t, c, "Name"), " ", at(t, c, "Type")))
		comment := at(t, c, "Comment").(string)
		for _, of := range described[i] {
			if !strings.Contains(comment, of.OTel) || !strings.Contains(comment, of.OTelAttribute) {
				t.Errorf("%v lacks the OpenTelemetry name of %s: %s", at(t, c, "Name"), of.Name, comment)
			}
		}
		if len(comment) > 255 || !strings.HasPrefix(comment, described[i][0].Comment) {
			t.Errorf("the comment of %v has %d bytes, and Glue takes at most 255: %s", at(t, c, "Name"), len(comment), comment)
		}
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
	table := at(t, called(t, synthesized(t), "AWS::Glue::Table", "Table").properties, "TableInput")
	check(t, "type", at(t, table, "TableType"), "EXTERNAL_TABLE")
	check(t, "input", at(t, table, "StorageDescriptor", "InputFormat"),
		"org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat")
	check(t, "output", at(t, table, "StorageDescriptor", "OutputFormat"),
		"org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat")
	check(t, "serde", at(t, table, "StorageDescriptor", "SerdeInfo", "SerializationLibrary"),
		"org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe")
}

func TestProjection(t *testing.T) {
	table := at(t, called(t, synthesized(t), "AWS::Glue::Table", "Table").properties, "TableInput")
	want := map[string]any{
		"classification": "parquet", "compressionType": "none", "projection.enabled": "true",
		"projection.year.type": "date", "projection.year.format": "yyyy", "projection.year.range": "2026,NOW",
		"projection.year.interval": "1", "projection.year.interval.unit": "YEARS",
	}
	for key, values := range map[string]string{"month": "1,12", "day": "1,31", "hour": "0,23"} {
		want["projection."+key+".type"] = "integer"
		want["projection."+key+".range"] = values
		want["projection."+key+".digits"] = "2"
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

// A query without a time range lists each folder of the projection. S3 charges 0.005 USD for 1,000 requests (package cost, prices.go), so
// a year of folders costs 5 cents.
func TestListingAllCostsCents(t *testing.T) {
	parameters := at(t, called(t, synthesized(t), "AWS::Glue::Table", "Table").properties, "TableInput", "Parameters").(map[string]any)
	number := func(text string) int {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	folders := 1
	for _, key := range record.PartitionKeys() {
		low, high, _ := strings.Cut(parameters["projection."+key+".range"].(string), ",")
		if key == "year" {
			if high != "NOW" {
				t.Errorf("the years end with %s; somebody will meet that", high)
			}
			high = low // the first year of a stack
		}
		folders *= number(high) - number(low) + 1
	}
	if usd := float64(folders) * 0.005 / 1000; folders != 8928 || usd > 0.05 {
		t.Errorf("in its first year a query without a time range lists %d folders for %.2f USD", folders, usd)
	}
}

// The first year is not before the first one whose samples the contract accepts.
func TestProjectionIsWithinTheContract(t *testing.T) {
	start := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	if record.CheckTS(record.TS(start.Add(-time.Second)), start.AddDate(1, 0, 0)) == nil {
		t.Error("the contract takes samples from before the least firstYear")
	}
}

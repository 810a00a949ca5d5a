package stack_test

import (
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/quicksight"
)

// QuickSight is a stack of its own, so that the pipeline does not fail if QuickSight does.
func TestQuickSightIsApart(t *testing.T) {
	eachVariant(t, func(t *testing.T, _ string, template map[string]any) {
		for id, body := range at(t, template, "Resources").(map[string]any) {
			if strings.Contains(at(t, body, "Type").(string), "QuickSight") || strings.Contains(id, "QuickSight") {
				t.Errorf("%s is there", id)
			}
		}
		for id, o := range at(t, template, "Outputs").(map[string]any) {
			if export, ok := o.(map[string]any)["Export"]; ok {
				t.Errorf("output %s is exported as %v, which ties the pipeline to who imports it", id, export)
			}
		}
	})
	board := stacks()[quickSight]
	check(t, "name", *board.StackName(), "Everything-QuickSight")
	if before := *board.Dependencies(); len(before) != 1 || *before[0].StackName() != "Everything" {
		t.Error("the stack of QuickSight may be deployed before the pipeline")
	}
	if n := len(stacks()); n != len(variants())+1 {
		t.Errorf("there are %d stacks; one that nobody asked for would keep a plain cdk deploy from working", n)
	}
}

// The data source uses the stack's workgroup, so that its scan limit holds, and a role of the stack.
func TestQuickSightSource(t *testing.T) {
	template := templateOf(t, quickSight)
	s := one(t, template, "AWS::QuickSight::DataSource")
	athena := at(t, s.properties, "DataSourceParameters", "AthenaParameters")
	check(t, "workgroup", at(t, athena, "WorkGroup"), "Everything")
	check(t, "role", references(at(t, athena, "RoleArn")), []string{one(t, template, "AWS::IAM::Role").id})
	check(t, "what the principal may", list(at(t, s.properties, "Permissions", 0, "Actions")), []string{
		"quicksight:DescribeDataSource", "quicksight:DescribeDataSourcePermissions", "quicksight:PassDataSource",
	})
	for _, p := range at(t, template, "Parameters").(map[string]any) {
		check(t, "where the bucket's name is looked up", at(t, p, "Default"), "/metrics-dashboard/Everything/bucket-name")
	}
}

func TestQuickSightDataSets(t *testing.T) {
	template := templateOf(t, quickSight)
	board, err := quicksight.New("d", "s", 4*time.Minute) // the variant "everything" buffers for 60 s
	if err != nil {
		t.Fatal(err)
	}
	queries := map[string]string{}
	for _, set := range board.DataSets {
		queries["Everything-"+set.ID] = set.SQL
	}
	sets := ofType(t, template, "AWS::QuickSight::DataSet")
	if len(sets) != len(queries) {
		t.Errorf("%d data sets, want %d", len(sets), len(queries))
	}
	for _, s := range sets {
		query := at(t, s.properties, "PhysicalTableMap", "query", "CustomSql")
		check(t, s.id+": mode", s.properties["ImportMode"], "DIRECT_QUERY")
		check(t, s.id+": source", at(t, query, "DataSourceArn"), "${QuickSightSource.Arn}")
		check(t, s.id+": query", at(t, query, "SqlQuery"), queries[s.properties["DataSetId"].(string)])
		check(t, s.id+": permissions", at(t, s.properties, "Permissions"), []any{map[string]any{
			"Principal": principal, "Actions": []any{
				"quicksight:DescribeDataSet", "quicksight:DescribeDataSetPermissions", "quicksight:DescribeIngestion",
				"quicksight:ListIngestions", "quicksight:PassDataSet",
			},
		}})
		if _, ok := s.properties["LogicalTableMap"]; ok != (s.id == "QuickSightSamples") {
			t.Errorf("%s has calculated fields: %v", s.id, ok)
		}
	}
}

func TestQuickSightDashboard(t *testing.T) {
	template := templateOf(t, quickSight)
	d := one(t, template, "AWS::QuickSight::Dashboard")
	for _, declared := range at(t, d.properties, "Definition", "DataSetIdentifierDeclarations").([]any) {
		id := references(at(t, declared, "DataSetArn"))[0]
		check(t, id, at(t, template, "Resources", id, "Properties", "DataSetId"), "Everything-"+at(t, declared, "Identifier").(string))
	}
	// These are an owner's actions. See ownDashboard.
	check(t, "what the principal may", list(at(t, d.properties, "Permissions", 0, "Actions")), []string{
		"quicksight:DeleteDashboard", "quicksight:DescribeDashboard", "quicksight:DescribeDashboardPermissions",
		"quicksight:ListDashboardVersions", "quicksight:QueryDashboard", "quicksight:UpdateDashboard",
		"quicksight:UpdateDashboardPermissions", "quicksight:UpdateDashboardPublishedVersion",
	})
	check(t, "output", at(t, template, "Outputs", "QuickSightDashboardArn", "Value"), "${QuickSightDashboard.Arn}")
}

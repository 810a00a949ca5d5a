package stack_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/quicksight"
)

// There is nothing of QuickSight unless the configuration says for whom: the account need not have it.
func TestQuickSightIsOptional(t *testing.T) {
	eachVariant(t, func(t *testing.T, name string, template map[string]any) {
		for id, body := range at(t, template, "Resources").(map[string]any) {
			about := strings.Contains(at(t, body, "Type").(string), "QuickSight") || strings.Contains(id, "QuickSight")
			if about && name != "everything" {
				t.Errorf("%s is there", id)
			}
		}
	})
}

// The data source queries in the stack's workgroup, whose limit holds, as a role of the stack; its policy is there first.
func TestQuickSightSource(t *testing.T) {
	template := templateOf(t, "everything")
	s := one(t, template, "AWS::QuickSight::DataSource")
	athena := at(t, s.properties, "DataSourceParameters", "AthenaParameters")
	check(t, "workgroup", at(t, athena, "WorkGroup"), "${WorkGroup}")
	role := references(at(t, athena, "RoleArn"))[0]
	var policies []string
	for _, p := range ofType(t, template, "AWS::IAM::Policy") {
		if slices.Contains(references(p.properties["Roles"]), role) {
			policies = append(policies, p.id)
		}
	}
	check(t, "what is there first", s.body["DependsOn"], policies)
	check(t, "what the principal may", list(at(t, s.properties, "Permissions", 0, "Actions")), []string{
		"quicksight:DescribeDataSource", "quicksight:DescribeDataSourcePermissions", "quicksight:PassDataSource",
	})
}

func TestQuickSightDataSets(t *testing.T) {
	template := templateOf(t, "everything")
	board, err := quicksight.New(`"d"."s"`, 2*time.Minute) // everything buffers for 60 s
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
	template := templateOf(t, "everything")
	d := one(t, template, "AWS::QuickSight::Dashboard")
	for _, declared := range at(t, d.properties, "Definition", "DataSetIdentifierDeclarations").([]any) {
		id := references(at(t, declared, "DataSetArn"))[0]
		check(t, id, at(t, template, "Resources", id, "Properties", "DataSetId"), "Everything-"+at(t, declared, "Identifier").(string))
	}
	// QuickSight takes this set of an owner and that of a viewer only.
	check(t, "what the principal may", list(at(t, d.properties, "Permissions", 0, "Actions")), []string{
		"quicksight:DeleteDashboard", "quicksight:DescribeDashboard", "quicksight:DescribeDashboardPermissions",
		"quicksight:ListDashboardVersions", "quicksight:QueryDashboard", "quicksight:UpdateDashboard",
		"quicksight:UpdateDashboardPermissions", "quicksight:UpdateDashboardPublishedVersion",
	})
	check(t, "output", at(t, template, "Outputs", "QuickSightDashboardArn", "Value"), "${QuickSightDashboard.Arn}")
}

package stack_test

import (
	"slices"
	"testing"
)

// Glue refuses any other deletion behaviour for a catalog target. An update of the table would remove its projection.
func TestCrawlerLeavesTheTableAlone(t *testing.T) {
	c := one(t, synthesized(t), "AWS::Glue::Crawler")
	check(t, "targets", c.properties["Targets"],
		"map[CatalogTargets:[map[DatabaseName:map[Ref:DatabaseB269D8BB] Tables:[map[Ref:Table4C2D914F]]]]]")
	check(t, "changes", c.properties["SchemaChangePolicy"], "map[DeleteBehavior:LOG UpdateBehavior:LOG]")
	check(t, "configuration", c.properties["Configuration"],
		`{"Version":1.0,"CrawlerOutput":{"Partitions":{"AddOrUpdateBehavior":"InheritFromTable"}},`+
			`"Grouping":{"TableGroupingPolicy":"CombineCompatibleSchemas"}}`)
	if schedule, ok := c.properties["Schedule"]; ok {
		t.Errorf("it runs by itself, %v, and costs", schedule)
	}
	check(t, "role", c.properties["Role"], "${CrawlerRoleA9495AEE.Arn}")
	// Glue assumes the role when the crawler is created, so the role must exist for some time before.
	if !slices.Contains(list(at(t, c.body, "DependsOn")), "Stream") {
		t.Error("the crawler is made right after its role")
	}
}

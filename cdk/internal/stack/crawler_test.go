package stack_test

import (
	"slices"
	"testing"
)

// Glue refuses another deletion behaviour for a catalog target, and an update would remove the table's projection.
func TestCrawlerLeavesTheTableAlone(t *testing.T) {
	c := one(t, synthesized(t), "AWS::Glue::Crawler")
	check(t, "targets", c.properties["Targets"],
		"map[CatalogTargets:[map[DatabaseName:map[Ref:DatabaseB269D8BB] Tables:[map[Ref:Table4C2D914F]]]]]")
	check(t, "changes", c.properties["SchemaChangePolicy"], "map[DeleteBehavior:LOG UpdateBehavior:LOG]")
	check(t, "configuration", c.properties["Configuration"],
		`{"Version":1.0,"CrawlerOutput":{"Partitions":{"AddOrUpdateBehavior":"InheritFromTable"}},`+
			`"Grouping":{"TableGroupingPolicy":"CombineCompatibleSchemas"}}`)
	check(t, "schedule", at(t, c.properties, "Schedule", "ScheduleExpression"), "cron(15 0 * * ? *)")
	check(t, "role", c.properties["Role"], "${CrawlerRoleA9495AEE.Arn}")
	if !slices.Contains(list(at(t, c.body, "DependsOn")), "CrawlerPolicyB8C49604") {
		t.Error("the crawler may run before its role has its policy")
	}
}

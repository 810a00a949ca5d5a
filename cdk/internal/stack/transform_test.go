package stack_test

import (
	"slices"
	"testing"
)

func TestTransformFunction(t *testing.T) {
	template := synthesized(t)
	f := called(t, template, "AWS::Lambda::Function", "Transform")
	for property, want := range map[string]any{
		"Runtime": "provided.al2023", "Handler": "bootstrap", "Architectures": "[arm64]",
		"Timeout": 60, "MemorySize": 256, "Environment": "map[Variables:map[LOG_LEVEL:INFO MAX_SAMPLE_AGE_DAYS:14]]",
	} {
		check(t, property, f.properties[property], want)
	}
	if !slices.Contains(references(f.properties["Role"]), "TransformRole5F980DF9") {
		t.Errorf("the role is %s, want the function's own", show(f.properties["Role"]))
	}
	check(t, "log group", at(t, f.properties, "LoggingConfig", "LogGroup"), "${TransformLogsFA8B2747}")
}

// Each function and the stream log to a log group of the stack, and each group has a retention.
func TestLogsAreRetainedForAWhile(t *testing.T) {
	eachVariant(t, func(t *testing.T, _ string, template map[string]any) {
		groups := ofType(t, template, "AWS::Logs::LogGroup")
		if want := 1 + len(ofType(t, template, "AWS::Lambda::Function")); len(groups) != want {
			t.Errorf("%d log groups, want %d", len(groups), want)
		}
		for _, g := range groups {
			check(t, g.id+": retention", g.properties["RetentionInDays"], 30)
		}
	})
}

package stack_test

import "testing"

func TestParameters(t *testing.T) {
	got := map[string]string{}
	for _, p := range ofType(t, synthesized(t), "AWS::SSM::Parameter") {
		got[p.properties["Name"].(string)] = show(p.properties["Value"])
		check(t, p.id+": type", p.properties["Type"], "String")
	}
	const path = "/metrics-dashboard/MetricsDashboard/"
	check(t, "parameters", got, map[string]string{
		path + "delivery-stream-name":    "${Stream}",
		path + "region":                  "${AWS::Region}",
		path + "bucket-name":             "${Bucket83908E77}",
		path + "prefix":                  "analytics/",
		path + "error-prefix":            "errors/",
		path + "glue-database-name":      "${DatabaseB269D8BB}",
		path + "glue-table-name":         "${Table4C2D914F}",
		path + "transform-function-name": "${TransformC0C45E96}",
		path + "rollup-function-name":    "${" + called(t, synthesized(t), "AWS::Lambda::Function", "Rollup").id + "}",
		path + "athena-workgroup":        "${WorkGroup}",
		path + "athena-results":          "s3://${Bucket83908E77}/athena-results/",
		path + "alarm-topic-arn":         "${Alarms04B5A0BF}",
		path + "ops-dashboard-name":      "${Board47D7A2D0}",
		path + "edge-policy-arn":         "${EdgePolicyC7233247}",
		path + "reader-policy-arn":       "${ReaderPolicy1F923C0F}",
		path + "replay-policy-arn":       "${ReplayPolicyE5491848}",
	})
}

func TestOutputs(t *testing.T) {
	got := map[string]string{}
	for id, o := range at(t, synthesized(t), "Outputs").(map[string]any) {
		got[id] = show(at(t, o, "Value"))
	}
	check(t, "outputs", got, map[string]string{
		"DeliveryStreamName":    "${Stream}",
		"Region":                "${AWS::Region}",
		"BucketName":            "${Bucket83908E77}",
		"Prefix":                "analytics/",
		"ErrorPrefix":           "errors/",
		"GlueDatabaseName":      "${DatabaseB269D8BB}",
		"GlueTableName":         "${Table4C2D914F}",
		"TransformFunctionName": "${TransformC0C45E96}",
		"ParameterPath":         "/metrics-dashboard/MetricsDashboard",
		"EdgePolicyArn":         "${EdgePolicyC7233247}",
		"ReaderPolicyArn":       "${ReaderPolicy1F923C0F}",
		"ReplayPolicyArn":       "${ReplayPolicyE5491848}",
		"RollupFunctionName":    "${" + called(t, synthesized(t), "AWS::Lambda::Function", "Rollup").id + "}",
		"AthenaWorkgroup":       "${WorkGroup}",
		"AthenaResults":         "s3://${Bucket83908E77}/athena-results/",
		"AlarmTopicArn":         "${Alarms04B5A0BF}",
		"OpsDashboardName":      "${Board47D7A2D0}",
	})
}

func TestEdgeRolesAreDiscoverable(t *testing.T) {
	got := map[string]string{}
	for id, o := range at(t, templateOf(t, "everything"), "Outputs").(map[string]any) {
		got[id] = show(at(t, o, "Value"))
	}
	check(t, "instance profile", got["EC2InstanceProfile"], "${EC2Profile9C10E2B1}")
	check(t, "hybrid role", got["HybridRoleName"], "${HybridRoleCAD55037}")
}

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
	})
}

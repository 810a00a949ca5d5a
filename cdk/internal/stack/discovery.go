package stack

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// parameter is a fact about the stack. Programs find it in SSM, by its name below the stack's path. People find it among the
// stack's outputs, by its id.
type parameter struct {
	id          string
	name        string
	value       *string
	description string
}

// parameterBucket is the name of the parameter with the bucket's name. The stack of QuickSight finds the bucket by it.
const parameterBucket = "bucket-name"

// path returns the path of the stack's parameters in SSM, without a slash at the end.
func path(c config.Config) string { return strings.TrimSuffix(record.ParameterPath(c.StackName), "/") }

// parameters lists what other programs need to know about the pipeline.
func (p pipeline) parameters(c config.Config, region *string) []parameter {
	list := []parameter{
		{"DeliveryStreamName", record.ParameterStream, p.stream.name, "Delivery stream that collectors send to"},
		{"Region", record.ParameterRegion, region, "Region of the delivery stream"},
		{"BucketName", parameterBucket, p.bucket.BucketName(), "Bucket of the lake"},
		{"Prefix", "prefix", &c.Prefix, "Folder of the table's objects in the bucket"},
		{"ErrorPrefix", "error-prefix", jsii.String(config.ErrorFolder), "Folder of the records that could not be delivered"},
		{"GlueDatabaseName", "glue-database-name", p.table.database, "Glue database of the table"},
		{"GlueTableName", "glue-table-name", p.table.name, "Glue table of all samples"},
		{"TransformFunctionName", "transform-function-name", p.transform.function.FunctionName(), "Lambda function that transforms samples"},
		{"RollupFunctionName", "rollup-function-name", p.rollup.function.FunctionName(), "Lambda function that keeps the rollups up to date"},
		{"AthenaWorkgroup", "athena-workgroup", p.analytics.workgroup, "Athena workgroup for queries"},
		{"AthenaResults", "athena-results", p.analytics.results, "Folder of the workgroup's query results"},
		{"AlarmTopicArn", "alarm-topic-arn", p.topicARN, "SNS topic that alarms are sent to"},
		{"OpsDashboardName", "ops-dashboard-name", p.opsDashboard.DashboardName(), "CloudWatch dashboard of the pipeline"},
		{"EdgePolicyArn", "edge-policy-arn", p.edgePolicy.ManagedPolicyArn(), "Managed policy to attach to machines that run edge"},
		{"ReaderPolicyArn", "reader-policy-arn", p.readerPolicy.ManagedPolicyArn(), "Managed policy to attach to people and programs that query the samples"},
		{"ReplayPolicyArn", "replay-policy-arn", p.replayPolicy.ManagedPolicyArn(), "Managed policy to attach to people who send failed records again"},
	}
	if p.alerts != nil {
		list = append(list,
			parameter{"AlertTopicArn", "alert-topic-arn", p.alerts.topic.TopicArn(), "SNS topic that messages about problems of hosts are sent to"},
			parameter{"AlertsFunctionName", "alerts-function-name", p.alerts.function.FunctionName(), "Lambda function that tells people about problems of hosts"})
	}
	return list
}

// newDiscovery makes each of the parameters a parameter in SSM and an output of the stack.
func newDiscovery(scope constructs.Construct, c config.Config, parameters []parameter) {
	for _, p := range parameters {
		awsssm.NewStringParameter(scope, jsii.String(p.id+"Parameter"), &awsssm.StringParameterProps{
			ParameterName: jsii.String(path(c) + "/" + p.name),
			StringValue:   p.value,
			Description:   &p.description,
		})
		output(scope, p.id, p.value, p.description)
	}
}

func output(scope constructs.Construct, id string, value *string, description string) {
	awscdk.NewCfnOutput(scope, jsii.String(id+"Output"), &awscdk.CfnOutputProps{
		Value:       value,
		Description: &description,
	}).OverrideLogicalId(&id)
}

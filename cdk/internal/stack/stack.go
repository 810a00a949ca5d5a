// Package stack is the one description of the deployed pipeline: bucket, transform, delivery stream, catalog, discovery,
// access, analytics and alarms, each in the file of its name. It decides no setting (package config does) and runs nothing.
package stack

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// New adds the stack of the pipeline to an app. File transformZip holds the transform's binary, named bootstrap. An error is
// a panel whose query cannot be made.
func New(app constructs.Construct, c config.Config, transformZip string) (awscdk.Stack, error) {
	named, err := Queries(c.GlueTableName, delay(c))
	if err != nil {
		return nil, err
	}
	s := newStack(app, c, c.StackName, "Metrics Dashboard: host metrics through Firehose to partitioned Parquet in S3")
	bucket := newBucket(s, c)
	table := newCatalog(s, c, bucket)
	logs := newDeliveryLogs(s, c)
	role := newDeliveryRole(s, c, bucket, table, logs)
	transform := newTransform(s, c, transformZip)
	transform.function.Node().AddDependency(role) // see newDeliveryRole
	stream := newDelivery(s, c, destination{bucket: bucket, transform: transform.function, table: table, role: role, logs: logs})
	transform.allowPutBack(s, stream.arn)
	newCrawler(s, c, bucket, table, stream.resource)
	athena := newAnalytics(s, c, bucket, table, named)

	measured := newMetrics(s, c, bucket, stream, transform)
	topicARN, made := newAlarms(s, c, alarms(c, measured))
	board := newBoard(s, measured, made)

	policy := newEdgePolicy(s, c, stream.arn)
	reader := newReaderPolicy(s, c, bucket, table)
	more := newEdgeRoles(s, c, policy)
	newDiscovery(s, c, append([]parameter{
		{"DeliveryStreamName", record.ParameterStream, stream.name, "Delivery stream that collectors send to"},
		{"Region", record.ParameterRegion, s.Region(), "Region of the delivery stream"},
		{"BucketName", parameterBucket, bucket.BucketName(), "Bucket of the lake"},
		{"Prefix", "prefix", &c.Prefix, "Folder of the table's objects in the bucket"},
		{"ErrorPrefix", "error-prefix", jsii.String(config.ErrorFolder), "Folder of the records that could not be delivered"},
		{"GlueDatabaseName", "glue-database-name", table.database, "Database of the table"},
		{"GlueTableName", "glue-table-name", table.name, "Table of all samples"},
		{"TransformFunctionName", "transform-function-name", transform.function.FunctionName(), "Transform's function"},
		{"AthenaWorkgroup", "athena-workgroup", athena.workgroup, "Workgroup to query in"},
		{"AthenaResults", "athena-results", athena.results, "Where the workgroup puts answers of queries"},
		{"AlarmTopicArn", "alarm-topic-arn", topicARN, "Topic that alarms go to"},
		{"OpsDashboardName", "ops-dashboard-name", board.DashboardName(), "CloudWatch dashboard of the pipeline"},
		{"EdgePolicyArn", "edge-policy-arn", policy.ManagedPolicyArn(), "Managed policy to attach to machines that run edge"},
		{"ReaderPolicyArn", "reader-policy-arn", reader.ManagedPolicyArn(), "Managed policy for who queries the samples"},
	}, more...))
	output(s, "ParameterPath", jsii.String(path(c)), "Path of the parameters in SSM")
	return s, nil
}

// newStack adds an empty stack with what the configuration wants on all its resources.
func newStack(app constructs.Construct, c config.Config, name, description string) awscdk.Stack {
	s := awscdk.NewStack(app, &name, &awscdk.StackProps{
		Description:           &description,
		Env:                   &awscdk.Environment{Region: optional(c.Region)},
		TerminationProtection: onlyIf(c.TerminationProtection),
		// The CLI checks the bootstrap version by itself; without the rule the template has no parameters, so that any
		// tool can deploy it and the local stack can read it.
		Synthesizer: awscdk.NewDefaultStackSynthesizer(&awscdk.DefaultStackSynthesizerProps{
			GenerateBootstrapVersionRule: jsii.Bool(false),
		}),
	})
	for _, key := range slices.Sorted(maps.Keys(c.Tags)) {
		awscdk.Tags_Of(s).Add(&key, jsii.String(c.Tags[key]), nil)
	}
	if c.PermissionsBoundary != "" {
		awsiam.PermissionsBoundary_Of(s).Apply(
			awsiam.ManagedPolicy_FromManagedPolicyArn(s, jsii.String("Boundary"), &c.PermissionsBoundary))
	}
	return s
}

// parameterBucket names the parameter with the bucket's name, by which the stack of QuickSight finds it.
const parameterBucket = "bucket-name"

// path of the stack's parameters in SSM, without a slash at the end.
func path(c config.Config) string { return strings.TrimSuffix(record.ParameterPath(c.StackName), "/") }

// delay is how long samples take until they are found: in the collector's pack, then in the stream's buffer.
func delay(c config.Config) time.Duration { return record.MaxLatency + c.BufferingTime }

// optional is nil for what is left to CloudFormation.
func optional(v string) *string {
	if v == "" {
		return nil
	}
	return &v
}

// arn is an ARN of the stack's own partition, region and account; resource is all that follows these.
func arn(scope constructs.Construct, service, resource string) *string {
	return awscdk.Stack_Of(scope).FormatArn(&awscdk.ArnComponents{
		Service:   &service,
		Resource:  &resource,
		ArnFormat: awscdk.ArnFormat_NO_RESOURCE_NAME,
	})
}

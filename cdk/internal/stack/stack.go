// Package stack is the one description of the deployed pipeline: bucket, transform, delivery stream, catalog, discovery,
// access, analytics and alarms, each in the file of its name. It decides no setting (package config does) and runs nothing.
package stack

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/queries"
)

// New adds the stack to an app. Folder transformDir holds the transform's binary, named bootstrap. An error is a panel whose
// query cannot be made.
func New(app constructs.Construct, c config.Config, transformDir string) (awscdk.Stack, error) {
	named, err := queries.All(c.GlueTableName, delay(c))
	if err != nil {
		return nil, err
	}
	s := awscdk.NewStack(app, &c.StackName, &awscdk.StackProps{
		Description: jsii.String("Metrics Dashboard: host metrics through Firehose to partitioned Parquet in S3"),
		Env:         &awscdk.Environment{Region: optional(c.Region)},
		// The CLI checks the bootstrap version by itself; without the rule the template has no parameters, so that any
		// tool can deploy it and the local stack can read it.
		Synthesizer: awscdk.NewDefaultStackSynthesizer(&awscdk.DefaultStackSynthesizerProps{
			GenerateBootstrapVersionRule: jsii.Bool(false),
		}),
	})

	bucket := newBucket(s, c)
	transform := newTransform(s, c, transformDir)
	table := newCatalog(s, c, bucket)
	stream := newDelivery(s, c, destination{bucket: bucket, transform: transform.function, table: table})
	transform.allowPutBack(s, stream.arn)

	if c.CrawlerSchedule != "" {
		newCrawler(s, c, bucket, table)
	}
	athena := newAnalytics(s, c, bucket, table, named)

	measured := newMetrics(s, c, stream, transform)
	topicARN, made := newAlarms(s, c, alarms(c, measured))
	board := newBoard(s, measured, made)

	path := "/metrics-dashboard/" + c.StackName
	policy := newEdgePolicy(s, stream.arn, path)
	reader := newReaderPolicy(s, c, bucket, table, path)
	more := newEdgeRoles(s, c, policy)
	if c.QuickSightPrincipalARN != "" {
		made, err := newQuickSight(s, c, bucket, table, athena)
		if err != nil {
			return nil, err
		}
		more = append(more, made...)
	}
	newDiscovery(s, path, append([]parameter{
		{"DeliveryStreamName", "delivery-stream-name", stream.name, "Delivery stream that collectors send to"},
		{"Region", "region", s.Region(), "Region of the delivery stream"},
		{"BucketName", "bucket-name", bucket.BucketName(), "Bucket of the lake"},
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
	return s, nil
}

// delay is how long samples take until they are found: a minute in the collector's pack, then in the stream's buffer.
func delay(c config.Config) time.Duration { return time.Minute + c.BufferingTime }

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

// Package stack describes the deployed pipeline: bucket, transform, delivery stream, catalog, rollup, discovery, access,
// analytics, alarms and alerts. Each part has a file of its own, such as transform.go; that of the bucket is storage.go. Package config
// decides the settings. This package only describes: the AWS CDK deploys.
package stack

import (
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// pipeline holds the parts of the stack that other parts refer to, or that other programs look up.
type pipeline struct {
	bucket       awss3.IBucket
	table        catalog
	transform    transform
	rollup       rollup
	stream       delivery
	analytics    analytics
	topicARN     *string
	alerts       *alerts // nil if they are off
	opsDashboard awscloudwatch.Dashboard
	edgePolicy   awsiam.IManagedPolicy
	readerPolicy awsiam.IManagedPolicy
	replayPolicy awsiam.IManagedPolicy
}

// Functions are the zip files of the Lambda functions. Each holds a binary named bootstrap.
type Functions struct{ Transform, Rollup, Alerts string }

// New adds the stack of the pipeline to an app. It fails if a panel's query cannot be made.
func New(app constructs.Construct, c config.Config, zip Functions) (awscdk.Stack, error) {
	queries, err := Queries(c.GlueTableName, delay(c))
	if err != nil {
		return nil, err
	}
	s := newStack(app, c, c.StackName, "Metrics Dashboard: host metrics through Firehose to partitioned Parquet in S3", false)
	var p pipeline
	p.bucket = newBucket(s, c)
	p.table = newCatalog(s, c, p.bucket)
	logs := newDeliveryLogs(s, c)
	role := newDeliveryRole(s, c, p.bucket, p.table, logs)
	p.transform = newTransform(s, c, zip.Transform, role)
	p.stream = newDelivery(s, c, destination{
		bucket: p.bucket, transform: p.transform.function, table: p.table, role: role, logs: logs,
	})
	p.transform.allowPutBack(s, p.stream.arn)
	newCrawler(s, c, p.bucket, p.table, p.stream.resource)
	p.analytics = newAnalytics(s, c, p.bucket, p.table, queries)
	p.rollup = newRollup(s, c, zip.Rollup, p.bucket, p.table)
	p.alerts = newAlerts(s, c, zip.Alerts, p.bucket, p.table)

	m := newMetrics(s, c, p.bucket, p.stream, p.transform, p.rollup)
	topicARN, alarms := newAlarms(s, c, alarmList(c, m, p.alerts))
	p.topicARN = topicARN
	p.opsDashboard = newOpsDashboard(s, m, alarms)

	p.edgePolicy = newEdgePolicy(s, c, p.stream.arn)
	p.readerPolicy = newReaderPolicy(s, c, p.bucket)
	p.replayPolicy = newReplayPolicy(s, c, p.bucket, p.stream.arn)
	roles := newEdgeRoles(s, c, p.edgePolicy)
	newDiscovery(s, c, append(p.parameters(c, s.Region()), roles...))
	output(s, "ParameterPath", jsii.String(path(c)), "Path of the parameters in SSM")
	return s, nil
}

// newStack adds an empty stack. The region, the tags and the permissions boundary of the configuration apply to all its
// resources. If compact is true, the stack's template is not indented.
func newStack(app constructs.Construct, c config.Config, name, description string, compact bool) awscdk.Stack {
	s := awscdk.NewStack(app, &name, &awscdk.StackProps{
		Description:                 &description,
		SuppressTemplateIndentation: &compact,
		Env:                         &awscdk.Environment{Region: optional(c.Region)},
		TerminationProtection:       onlyIf(c.TerminationProtection),
		// The rule about the version of the bootstrap stack would add a parameter to the template. Without it any tool can deploy
		// the template, and the local stack can read it. The CDK CLI checks that version by itself.
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

// delay is the longest usual time until a query finds a sample: the sample waits in the collector's pack, then in the transform's buffer,
// then in the stream's.
func delay(c config.Config) time.Duration {
	return record.MaxLatency + record.ProcessorWindow + c.BufferingTime
}

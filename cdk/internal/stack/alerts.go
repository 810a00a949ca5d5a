package stack

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// alerts is the Lambda function that reports problems of hosts to people, with the topic that it sends to.
type alerts struct {
	function awslambda.IFunction
	topic    awssns.ITopic
	errors   awscloudwatch.IMetric // runs that failed
}

const (
	// alertsTimeout is how long a run may take. Athena answers within seconds, unless a query has to wait in Athena's queue.
	alertsTimeout = 2 * time.Minute
	// alertsMemory is in MiB. The state of ten thousand hosts in trouble is some megabytes.
	alertsMemory = 256
)

// alertsState is the key of the object that says which problems were reported.
const alertsState = config.AlertFolder + "told.json"

// alertsWorkgroup returns the name of the workgroup for the function's queries. It is a separate one, because hundreds of queries a day
// would hide those of people.
func alertsWorkgroup(c config.Config) string { return c.StackName + "-alerts" }

// newAlerts adds the function, its role, its workgroup, its schedule and its topic. zip is the file with its binary. It returns nil if
// alerts are off.
func newAlerts(scope constructs.Construct, c config.Config, zip string, bucket awss3.IBucket, table catalog) *alerts {
	if !c.Alerts {
		return nil
	}
	topic := newAlertTopic(scope, c)
	workgroup := newWorkgroup(scope, c, bucket, workgroupProps{
		"AlertsWorkGroup", alertsWorkgroup(c), "Queries of the function that tells people about problems", c.AthenaScanLimitGiB,
	})
	function, _, _ := newFunction(scope, c, functionProps{
		id: "AlertsFunction", part: "Alerts",
		description: "Tells people about problems of hosts, by Athena and SNS",
		zip:         zip, timeout: alertsTimeout, memoryMiB: alertsMemory,
		environment: map[string]*string{
			"STACK":           &c.StackName,
			"BUCKET":          bucket.BucketName(),
			"STATE":           jsii.String(alertsState),
			"DATABASE":        table.database,
			"TABLE":           table.name,
			"WORKGROUP":       workgroup,
			"TOPIC":           topic.TopicArn(),
			"RULES_PARAMETER": jsii.String(rulesParameter(c)),
			"DELAY":           jsii.String(delay(c).String()),
			"DASHBOARD_URL":   &c.DashboardURL,
		},
		purpose:   "Alerts: read samples by Athena, note what was reported, publish to a topic",
		may:       mayAlert(scope, c, bucket, table, topic),
		scheduled: true,
	})
	schedule(scope, "AlertsSchedule", "Starts the function that tells people about problems",
		awsevents.Schedule_Rate(duration(c.AlertsEvery)), function, 2, c.AlertsEvery)
	return &alerts{function, topic, function.MetricErrors(&awscloudwatch.MetricOptions{
		Statistic: jsii.String("Sum"), Period: duration(c.AlertsEvery),
	})}
}

// rulesParameter returns the name of the parameter in which an operator may change the rules. The stack does not make it.
func rulesParameter(c config.Config) string { return path(c) + "/" + record.ParameterRules }

// newAlertTopic adds the topic. Only the stack's function publishes to it, and its role allows that. So the topic's own policy only refuses
// requests without TLS.
func newAlertTopic(scope constructs.Construct, c config.Config) awssns.ITopic {
	topic := awssns.NewTopic(scope, jsii.String("Alerts"), &awssns.TopicProps{
		TopicName:   optional(c.AlertTopicName),
		DisplayName: jsii.String("Metrics Dashboard alerts"),
		MasterKey:   keyOf(scope, "Alerts", c),
		EnforceSSL:  jsii.Bool(true),
	})
	if c.AlertEmail != "" {
		topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(&c.AlertEmail, nil))
	}
	return topic
}

// mayAlert returns the statements that the function needs. A conditional write needs the permission to read the object (S3 user guide, "How
// to prevent object overwrites with conditional writes"), and S3 says that an object is missing only to a caller that may list the bucket.
// The statements for Athena allow that already.
func mayAlert(scope constructs.Construct, c config.Config, bucket awss3.IBucket, table catalog, topic awssns.ITopic) []awsiam.PolicyStatement {
	return append(mayReadSamples(scope, c, bucket, table),
		allow(arn(scope, "athena", "workgroup/"+alertsWorkgroup(c)))(
			"athena:GetQueryExecution", "athena:GetQueryResults", "athena:StartQueryExecution", "athena:StopQueryExecution"),
		allow(tableARNs(scope, c, rollupTables(c)...)...)("glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable"),
		allow(objectsBelow(bucket.BucketArn(), config.RollupFolder))("s3:GetObject"),
		allow(bucket.ArnForObjects(jsii.String(alertsState)))("s3:GetObject", "s3:PutObject"),
		allow(topic.TopicArn())("sns:Publish"),
		allow(arn(scope, "ssm", "parameter"+rulesParameter(c)))("ssm:GetParameter"),
	)
}

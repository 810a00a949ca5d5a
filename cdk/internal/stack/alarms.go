package stack

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// alarm describes one CloudWatch alarm.
type alarm struct {
	id    string
	entry string // anchor of its entry in RUNBOOK.md
	what  string // what has happened, for people
	// CloudWatch compares the metric with the threshold in each period. The alarm goes off if `needed` of the last `periods`
	// breach the threshold.
	metric          awscloudwatch.IMetric
	threshold       float64
	below           bool // true: a value below the threshold breaches it; false: a value at it or above
	needed, periods int
	silence         bool // true: a period without data breaches the threshold
}

// period is the length of an alarm's periods. An alarm of a function on a schedule uses the time between two runs instead. Firehose and
// Lambda publish every minute, but a stream of few machines has minutes without data.
const period = 5 * time.Minute

// alarmList returns the alarms of the stack.
//
// One failure usually sets off one alarm. Firehose and Lambda retry by themselves. If a retry succeeds, there is no alarm. The ops dashboard
// shows such failures.
//
// Most metrics have no data while nothing fails, so missing data is good. The exception is the metric of incoming records.
func alarmList(c config.Config, m metrics, a *alerts) []alarm {
	list := []alarm{
		{
			id: "DataFreshness", entry: "data-freshness", what: "Samples wait in Firehose for longer than its buffering time explains",
			metric: m.freshness, threshold: staleAfter(c).Seconds(), needed: 2, periods: 3,
		},
		{
			id: "ThrottledRecords", entry: "throttled-records", what: "Firehose has throttled collectors for 15 minutes",
			// The collectors' spool absorbs shorter bursts, and Firehose raises its limit by itself.
			metric: m.throttled, threshold: 1, needed: 3, periods: 3,
		},
		{
			// For each kind of failure, Firehose writes an object below errors/. ExecuteProcessing.Success is a worse
			// measure: it counts invocations, so it also falls if an invocation fails and its retry succeeds
			// (Firehose developer guide, "Monitor Amazon Data Firehose with CloudWatch metrics").
			id: "RecordsFailed", entry: "records-failed", what: "Firehose could not deliver records and kept them below errors/",
			metric: m.failedObjects, threshold: 1, needed: 1, periods: 1,
		},
		{
			id: "TransformDuration", entry: "transform-duration", what: "The transform function nearly reaches its timeout",
			metric: m.functionDuration, threshold: 0.8 * float64(c.LambdaTimeout.Milliseconds()), needed: 3, periods: 3,
		},
		{
			id: "CrawlerFailed", entry: "crawler-failed", what: "The crawler failed and registered no partitions",
			metric: m.crawlerFailed, threshold: 1, needed: 1, periods: 1,
		},
		{
			// A run fails, too, if a rollup has been due for hours. One run may fail: the next one does the work.
			id: "RollupFailed", entry: "rollup-failed", what: "Two of three hourly runs of the rollup have failed",
			metric: m.rollupErrors, threshold: 1, needed: 2, periods: 3,
		},
	}
	if a != nil {
		list = append(list, alarm{
			// A run fails if Athena, S3 or SNS fails, or if the rules are wrong. One run may fail: the next one reports what the failed one did not.
			id: "AlertsFailed", entry: "alerts-failed", what: "Two of three runs of the alerts have failed: problems of hosts are not reported",
			metric: a.errors, threshold: 1, needed: 2, periods: 3,
		})
	}
	if c.ExpectRecords {
		list = append(list, alarm{
			id: "NoIncomingRecords", entry: "no-incoming-records", what: "No collector has sent a record for 15 minutes",
			// A collector sends every two minutes by default, and the collectors of a fleet send at different times.
			metric: m.incoming, threshold: 1, below: true, needed: 3, periods: 3, silence: true,
		})
	}
	return list
}

// staleAfter is the age from which the oldest undelivered sample is too old. A sample waits in the
// transform's buffer and then in the stream's. Firehose may buffer one and a half times as long as configured. By default staleAfter
// is 15 minutes, the most that the Firehose developer guide recommends ("Implement best practices with CloudWatch Alarms").
func staleAfter(c config.Config) time.Duration { return 2*c.BufferingTime + 5*time.Minute }

// newAlarms adds the alarms and the topic that they are sent to. It returns the topic's ARN and the alarms.
func newAlarms(scope constructs.Construct, c config.Config, list []alarm) (topicARN *string, added []awscloudwatch.Alarm) {
	topic := newTopic(scope, c)
	action := awscloudwatchactions.NewSnsAction(topic)
	for _, a := range list {
		comparison := awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD
		if a.below {
			comparison = awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD
		}
		missing := awscloudwatch.TreatMissingData_NOT_BREACHING
		if a.silence {
			missing = awscloudwatch.TreatMissingData_BREACHING
		}
		resource := awscloudwatch.NewAlarm(scope, jsii.String(a.id+"Alarm"), &awscloudwatch.AlarmProps{
			AlarmDescription:   jsii.String(a.what + ". What to do: RUNBOOK.md#" + a.entry),
			Metric:             a.metric,
			Threshold:          &a.threshold,
			ComparisonOperator: comparison,
			EvaluationPeriods:  jsii.Number(a.periods),
			DatapointsToAlarm:  jsii.Number(a.needed),
			TreatMissingData:   missing,
		})
		resource.AddAlarmAction(action)
		resource.AddOkAction(action)
		added = append(added, resource)
	}
	return topic.TopicArn(), added
}

package stack

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// alarm is one thing that an operator is told of.
type alarm struct {
	id    string
	entry string // of RUNBOOK.md, as its anchor
	what  string // has happened, for people
	// metric is compared with threshold in periods of five minutes, of which the last `of` are looked at and `breaching`
	// must breach.
	metric        awscloudwatch.IMetric
	threshold     float64
	below         bool // whether the alarm goes off below the threshold; else at it and above
	breaching, of int
	// silence is whether no data at all is as bad.
	silence bool
}

// period of every alarm. Firehose and Lambda publish each minute, but a stream of few machines has minutes without data.
const period = 5 * time.Minute

// alarms lists all there are. One failure is one alarm, and it is about what was given up or waits: Firehose and Lambda try
// again by themselves, and what fails in between is on the dashboard (newBoard) for whom an alarm sends there. Where nothing
// is wrong most metrics have no data, which is good news; only that of incoming records takes silence for trouble.
func alarms(c config.Config, m metrics) []alarm {
	list := []alarm{
		{
			id: "DataFreshness", entry: "data-freshness", what: "Samples wait in Firehose longer than buffering explains",
			metric: m.freshness, threshold: staleAfter(c).Seconds(), breaching: 2, of: 3,
		},
		{
			id: "ThrottledRecords", entry: "throttled-records", what: "Firehose has refused records for 15 minutes as too many",
			// Shorter bursts are what the collectors' spool is for, and Firehose raises its limit by itself.
			metric: m.throttled, threshold: 1, breaching: 3, of: 3,
		},
		{
			// Whatever the reason, what Firehose gives up is an object below errors/. ExecuteProcessing.Success says less: it
			// is the share of invocations, so that one which succeeds when it is tried again is in it (Firehose developer
			// guide, "Monitor Amazon Data Firehose with CloudWatch metrics").
			id: "RecordsFailed", entry: "records-failed", what: "Records could not be delivered and are kept below errors/",
			metric: m.failed, threshold: 1, breaching: 1, of: 1,
		},
		{
			id: "TransformDuration", entry: "transform-duration", what: "The transform function takes nearly as long as it may",
			metric: m.functionDuration, threshold: 0.8 * float64(c.LambdaTimeout.Milliseconds()), breaching: 3, of: 3,
		},
		{
			id: "CrawlerFailed", entry: "crawler-failed", what: "The crawler failed, and registers no partitions",
			metric: m.crawlerFailed, threshold: 1, breaching: 1, of: 1,
		},
	}
	if c.ExpectRecords {
		list = append(list, alarm{
			id: "NoIncomingRecords", entry: "no-incoming-records", what: "No collector has sent anything for 15 minutes",
			// A collector sends every two minutes by default, and a fleet spreads over them.
			metric: m.incoming, threshold: 1, below: true, breaching: 3, of: 3, silence: true,
		})
	}
	return list
}

// staleAfter is how old the oldest undelivered sample may be: Firehose may buffer half as long again as it is told, and
// the transform's own buffer comes before. AWS recommends 15 minutes, which the default gives.
func staleAfter(c config.Config) time.Duration { return 2*c.BufferingTime + 5*time.Minute }

// newAlarms adds the alarms and the topic that they go to, and returns them for the dashboard.
func newAlarms(scope constructs.Construct, c config.Config, all []alarm) (topicARN *string, made []awscloudwatch.Alarm) {
	topic := newTopic(scope, c)
	action := awscloudwatchactions.NewSnsAction(topic)
	for _, a := range all {
		comparison := awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD
		if a.below {
			comparison = awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD
		}
		missing := awscloudwatch.TreatMissingData_NOT_BREACHING
		if a.silence {
			missing = awscloudwatch.TreatMissingData_BREACHING
		}
		one := awscloudwatch.NewAlarm(scope, jsii.String(a.id+"Alarm"), &awscloudwatch.AlarmProps{
			AlarmDescription:   jsii.String(a.what + ". What to do: RUNBOOK.md#" + a.entry),
			Metric:             a.metric,
			Threshold:          &a.threshold,
			ComparisonOperator: comparison,
			EvaluationPeriods:  jsii.Number(a.of),
			DatapointsToAlarm:  jsii.Number(a.breaching),
			TreatMissingData:   missing,
		})
		one.AddAlarmAction(action)
		one.AddOkAction(action)
		made = append(made, one)
	}
	return topic.TopicArn(), made
}

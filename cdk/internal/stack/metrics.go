package stack

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// metrics holds the CloudWatch metrics of the pipeline. AWS publishes most of them; the stack adds three of its own. Sources:
// Firehose developer guide, "Monitor Amazon Data Firehose with CloudWatch metrics"; Lambda developer guide, "Types of metrics".
type metrics struct {
	incoming, incomingBytes, throttled              awscloudwatch.IMetric // at the stream's entry
	transformed                                     awscloudwatch.IMetric // 0..1, share of invocations that succeeded
	refused                                         awscloudwatch.IMetric // records, from the transform's log
	converted, unconverted                          awscloudwatch.IMetric // records
	partitions, partitionsExceeded                  awscloudwatch.IMetric
	freshness                                       awscloudwatch.IMetric // s, age of the oldest undelivered record
	delivered                                       awscloudwatch.IMetric // bytes
	functionErrors, functionThrottles, functionRuns awscloudwatch.IMetric
	functionDuration                                awscloudwatch.IMetric // ms
	failedObjects                                   awscloudwatch.IMetric // objects written below errors/
	crawlerFailed                                   awscloudwatch.IMetric // runs
	rollupErrors, rollupRuns                        awscloudwatch.IMetric // in an hour
	rollupDuration                                  awscloudwatch.IMetric // ms
}

func newMetrics(scope constructs.Construct, c config.Config, bucket awss3.IBucket, stream delivery, t transform, r rollup) metrics {
	firehose := func(name, statistic string) awscloudwatch.IMetric {
		return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
			Namespace:     jsii.String("AWS/Firehose"),
			MetricName:    &name,
			DimensionsMap: &map[string]*string{"DeliveryStreamName": stream.name},
			Statistic:     &statistic,
			Period:        duration(period),
		})
	}
	lambda := func(name, statistic string) awscloudwatch.IMetric {
		return t.function.Metric(&name, &awscloudwatch.MetricOptions{Statistic: &statistic, Period: duration(period)})
	}
	rollup := func(name, statistic string) awscloudwatch.IMetric {
		return r.function.Metric(&name, &awscloudwatch.MetricOptions{Statistic: &statistic, Period: duration(time.Hour)})
	}
	return metrics{
		incoming:           firehose("IncomingRecords", "Sum"),
		incomingBytes:      firehose("IncomingBytes", "Sum"),
		throttled:          firehose("ThrottledRecords", "Sum"),
		transformed:        firehose("ExecuteProcessing.Success", "Average"),
		refused:            newRefused(scope, c, t),
		converted:          firehose("SucceedConversion.Records", "Sum"),
		unconverted:        firehose("FailedConversion.Records", "Sum"),
		partitions:         firehose("PartitionCount", "Maximum"),
		partitionsExceeded: firehose("PartitionCountExceeded", "Maximum"),
		freshness:          firehose("DeliveryToS3.DataFreshness", "Maximum"),
		delivered:          firehose("DeliveryToS3.Bytes", "Sum"),
		rollupErrors:       rollup("Errors", "Sum"),
		rollupRuns:         rollup("Invocations", "Sum"),
		rollupDuration:     rollup("Duration", "Maximum"),
		functionErrors:     lambda("Errors", "Sum"),
		functionThrottles:  lambda("Throttles", "Sum"),
		functionRuns:       lambda("Invocations", "Sum"),
		functionDuration:   lambda("Duration", "Maximum"),
		failedObjects: newEventCount(scope, "FailedRecords", "A record could not be delivered", &awsevents.EventPattern{
			Source:     jsii.Strings("aws.s3"),
			DetailType: jsii.Strings("Object Created"),
			Detail: &map[string]any{
				"bucket": map[string]any{"name": []*string{bucket.BucketName()}},
				"object": map[string]any{"key": []any{map[string]any{"prefix": config.ErrorFolder}}},
			},
		}),
		crawlerFailed: newEventCount(scope, "CrawlerFailures", "The crawler failed", &awsevents.EventPattern{
			Source:     jsii.Strings("aws.glue"),
			DetailType: jsii.Strings("Glue Crawler State Change"),
			Detail:     &map[string]any{"crawlerName": []*string{crawlerName(c)}, "state": jsii.Strings("Failed")},
		}),
	}
}

// newEventCount returns a metric that counts events of AWS. It adds an EventBridge rule without a target: EventBridge publishes the metric
// TriggeredRules for it too. Sources: EventBridge user guide, "Using IAM policy conditions" says that a rule needs no
// target, "Monitoring Amazon EventBridge" that the metric exists. Third-party price lists of 2026 say that events of AWS services are free.
// The bucket's events have to be switched on, so AWS may bill them as custom events: at 1 USD a million, about a cent a month.
func newEventCount(scope constructs.Construct, id, what string, pattern *awsevents.EventPattern) awscloudwatch.IMetric {
	rule := awsevents.NewRule(scope, &id, &awsevents.RuleProps{
		Description: jsii.String(what + ": counted for an alarm"), EventPattern: pattern,
	})
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace:     jsii.String("AWS/Events"),
		MetricName:    jsii.String("TriggeredRules"),
		DimensionsMap: &map[string]*string{"RuleName": rule.RuleName()},
		Statistic:     jsii.String("Sum"),
		Period:        duration(period),
	})
}

// newRefused returns a metric that counts the records which the transform refuses. AWS has no metric for records with the
// result ProcessingFailed, so a filter counts the transform's log lines about them. As long as the transform
// does not refuse a record, the metric does not have data and is free.
func newRefused(scope constructs.Construct, c config.Config, t transform) awscloudwatch.IMetric {
	filter := awslogs.NewMetricFilter(scope, jsii.String("RefusedRecords"), &awslogs.MetricFilterProps{
		LogGroup:        t.logs,
		FilterPattern:   awslogs.FilterPattern_StringValue(jsii.String("$.msg"), jsii.String("="), jsii.String(record.RefusedMessage)),
		MetricNamespace: jsii.String("MetricsDashboard/" + c.StackName), // a filter cannot set a dimension of its own
		MetricName:      jsii.String("RefusedRecords"),
		MetricValue:     jsii.String("1"),
	})
	return filter.Metric(&awscloudwatch.MetricOptions{Statistic: jsii.String("Sum"), Period: duration(period)})
}

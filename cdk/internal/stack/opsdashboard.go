package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces/interfacesawscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newOpsDashboard adds the CloudWatch dashboard of the pipeline. The first row shows the state of the alarms. The other rows
// follow a sample: into the stream, through the transform, into the bucket, into the rollups.
func newOpsDashboard(scope constructs.Construct, m metrics, alarms []awscloudwatch.Alarm) awscloudwatch.Dashboard {
	var states []interfacesawscloudwatch.IAlarmRef
	for _, a := range alarms {
		states = append(states, a)
	}
	dashboard := awscloudwatch.NewDashboard(scope, jsii.String("Board"), &awscloudwatch.DashboardProps{
		DefaultInterval: awscdk.Duration_Hours(jsii.Number(12)),
	})
	dashboard.AddWidgets(awscloudwatch.NewAlarmStatusWidget(&awscloudwatch.AlarmStatusWidgetProps{
		Title: jsii.String("Alarms: see RUNBOOK.md"), Width: jsii.Number(24), Height: jsii.Number(3), Alarms: &states,
	}))
	row(dashboard,
		graph{"Records in: accepted, throttled", []awscloudwatch.IMetric{m.incoming, m.throttled}},
		graph{"Bytes: accepted, delivered", []awscloudwatch.IMetric{m.incomingBytes, m.delivered}},
		graph{"Age of the oldest undelivered record (s)", []awscloudwatch.IMetric{m.freshness}},
	)
	row(dashboard,
		graph{"Transform: share of invocations that succeeded", []awscloudwatch.IMetric{m.transformed}},
		graph{"Transform: runs, errors, throttles", []awscloudwatch.IMetric{m.functionRuns, m.functionErrors, m.functionThrottles}},
		graph{"Transform: duration of the longest run (ms)", []awscloudwatch.IMetric{m.functionDuration}},
	)
	row(dashboard,
		graph{"Objects written below errors/; failed crawls", []awscloudwatch.IMetric{m.failedObjects, m.crawlerFailed}},
		graph{"Records refused by the transform", []awscloudwatch.IMetric{m.refused}},
		graph{"Conversion to Parquet: converted, failed", []awscloudwatch.IMetric{m.converted, m.unconverted}},
		graph{"Partitions (hours) active at once; limit exceeded", []awscloudwatch.IMetric{m.partitions, m.partitionsExceeded}},
	)
	row(dashboard,
		graph{"Rollup: runs, errors", []awscloudwatch.IMetric{m.rollupRuns, m.rollupErrors}},
		graph{"Rollup: duration of the longest run (ms)", []awscloudwatch.IMetric{m.rollupDuration}},
	)
	return dashboard
}

// graph is a chart of metrics over time.
type graph struct {
	title   string
	metrics []awscloudwatch.IMetric
}

// row adds graphs side by side. A dashboard is 24 cells wide.
func row(dashboard awscloudwatch.Dashboard, graphs ...graph) {
	var widgets []awscloudwatch.IWidget
	for _, g := range graphs {
		widgets = append(widgets, awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
			Title: &g.title, Width: jsii.Number(24 / len(graphs)), Height: jsii.Number(6), Left: &g.metrics,
		}))
	}
	dashboard.AddWidgets(widgets...)
}

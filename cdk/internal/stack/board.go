package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/interfaces/interfacesawscloudwatch"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newBoard adds the dashboard of the pipeline itself, in the order that a sample passes: which alarms are on, what comes
// in, what is made of it, how late it is.
func newBoard(scope constructs.Construct, m metrics, alarms []awscloudwatch.Alarm) awscloudwatch.Dashboard {
	var states []interfacesawscloudwatch.IAlarmRef
	for _, a := range alarms {
		states = append(states, a)
	}
	board := awscloudwatch.NewDashboard(scope, jsii.String("Board"), &awscloudwatch.DashboardProps{
		DefaultInterval: awscdk.Duration_Hours(jsii.Number(12)),
	})
	board.AddWidgets(awscloudwatch.NewAlarmStatusWidget(&awscloudwatch.AlarmStatusWidgetProps{
		Title: jsii.String("Alarms: see RUNBOOK.md"), Width: jsii.Number(24), Height: jsii.Number(3), Alarms: &states,
	}))
	row(board,
		graph{"Records in: accepted, throttled", []awscloudwatch.IMetric{m.incoming, m.throttled}},
		graph{"Bytes: accepted, delivered", []awscloudwatch.IMetric{m.incomingBytes, m.delivered}},
		graph{"Age of the oldest undelivered record (s)", []awscloudwatch.IMetric{m.freshness}},
	)
	row(board,
		graph{"Transform: share of invocations that succeeded", []awscloudwatch.IMetric{m.transformed}},
		graph{"Transform: runs, errors, throttles", []awscloudwatch.IMetric{m.functionRuns, m.functionErrors, m.functionThrottles}},
		graph{"Transform: duration of the longest run (ms)", []awscloudwatch.IMetric{m.functionDuration}},
	)
	row(board,
		graph{"Objects written below errors/; failed crawls", []awscloudwatch.IMetric{m.failed, m.crawlerFailed}},
		graph{"Records refused by the transform", []awscloudwatch.IMetric{m.refused}},
		graph{"Conversion to Parquet: converted, failed", []awscloudwatch.IMetric{m.converted, m.unconverted}},
		graph{"Active partitions (hours at once); exceeded", []awscloudwatch.IMetric{m.partitions, m.partitionsExceeded}},
	)
	return board
}

// graph is a chart of metrics over time.
type graph struct {
	title   string
	metrics []awscloudwatch.IMetric
}

// row adds graphs side by side. A dashboard is 24 cells wide.
func row(board awscloudwatch.Dashboard, graphs ...graph) {
	var widgets []awscloudwatch.IWidget
	for _, g := range graphs {
		widgets = append(widgets, awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
			Title: &g.title, Width: jsii.Number(24 / len(graphs)), Height: jsii.Number(6), Left: &g.metrics,
		}))
	}
	board.AddWidgets(widgets...)
}

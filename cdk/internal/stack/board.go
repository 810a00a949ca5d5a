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
	board.AddWidgets(
		graph("Records in: accepted, throttled", m.incoming, m.throttled),
		graph("Bytes: accepted, delivered", m.incomingBytes, m.delivered),
		graph("Age of the oldest undelivered record (s)", m.freshness),
	)
	board.AddWidgets(
		graph("Transform: share of invocations that succeeded", m.transformed),
		graph("Transform: runs, errors, throttles", m.functionRuns, m.functionErrors, m.functionThrottles),
		graph("Transform: duration of the longest run (ms)", m.functionDuration),
	)
	board.AddWidgets(
		graph("Records refused by the transform", m.refused),
		graph("Conversion to Parquet: converted, failed", m.converted, m.unconverted),
		graph("Active partitions (hours at once); exceeded", m.partitions, m.partitionsExceeded),
	)
	return board
}

func graph(title string, metrics ...awscloudwatch.IMetric) awscloudwatch.IWidget {
	return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{
		Title: &title, Width: jsii.Number(8), Height: jsii.Number(6), Left: &metrics,
	})
}

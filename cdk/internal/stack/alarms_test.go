package stack_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Each alarm has: metric, statistic, comparison, threshold, how many of the last periods, and what missing data means. Periods have 300 s,
// those of the rollup an hour.
func TestAlarms(t *testing.T) {
	got := map[string]string{}
	for _, a := range ofType(t, templateOf(t, "platform"), "AWS::CloudWatch::Alarm") {
		p := a.properties
		name := a.id[:strings.Index(a.id, "Alarm")]
		check(t, a.id+": period", p["Period"], map[bool]int{false: 300, true: 3600}[name == "RollupFailed"])
		got[name] = strings.Join([]string{
			show(p["Namespace"]), show(p["MetricName"]), show(p["Statistic"]), show(p["ComparisonOperator"]),
			show(p["Threshold"]), show(p["DatapointsToAlarm"]) + "/" + show(p["EvaluationPeriods"]), show(p["TreatMissingData"]),
		}, " ")
	}
	const above, below = "GreaterThanOrEqualToThreshold", "LessThanThreshold"
	want := map[string]string{
		"DataFreshness":     "AWS/Firehose DeliveryToS3.DataFreshness Maximum " + above + " 900 2/3 notBreaching",
		"NoIncomingRecords": "AWS/Firehose IncomingRecords Sum " + below + " 1 3/3 breaching",
		"ThrottledRecords":  "AWS/Firehose ThrottledRecords Sum " + above + " 1 3/3 notBreaching",
		"RecordsFailed":     "AWS/Events TriggeredRules Sum " + above + " 1 1/1 notBreaching",
		"TransformDuration": "AWS/Lambda Duration Maximum " + above + " 48000 3/3 notBreaching",
		"RollupFailed":      "AWS/Lambda Errors Sum " + above + " 1 2/3 notBreaching",
		"AlertsFailed":      "AWS/Lambda Errors Sum " + above + " 1 2/3 notBreaching",
		"CrawlerFailed":     "AWS/Events TriggeredRules Sum " + above + " 1 1/1 notBreaching",
	}
	for id, text := range want {
		check(t, id, got[id], text)
	}
	if len(got) != len(want) {
		t.Errorf("%d alarms, want %d", len(got), len(want))
	}
}

// A new stack without machines does not set off an alarm, and a laptop that sleeps does not either.
func TestSilenceIsExpectedUnlessConfigured(t *testing.T) {
	for name, want := range map[string]int{"default": 0, "platform": 1} {
		found := 0
		for _, a := range ofType(t, templateOf(t, name), "AWS::CloudWatch::Alarm") {
			if a.properties["TreatMissingData"] != "notBreaching" {
				found++
			}
		}
		if found != want {
			t.Errorf("%s has %d alarms that take silence for trouble, want %d", name, found, want)
		}
	}
}

// No two alarms count the same failure. Every record that is given up is below errors/.
func TestOneFailureIsOneAlarm(t *testing.T) {
	eachVariant(t, func(t *testing.T, _ string, template map[string]any) {
		for _, a := range ofType(t, template, "AWS::CloudWatch::Alarm") {
			if strings.HasPrefix(a.id, "Rollup") || strings.HasPrefix(a.id, "Alerts") {
				continue // nothing repeats a run of a function on a schedule
			}
			switch metric := a.properties["MetricName"]; metric {
			case "ExecuteProcessing.Success", "FailedConversion.Records", "PartitionCountExceeded", "Errors", "Throttles", "RefusedRecords":
				t.Errorf("%s goes off by %v, which an object below errors/ comes with or which is tried again", a.id, metric)
			}
		}
	})
}

// The rules match the events that the alarms count, and have no targets.
func TestCountedEvents(t *testing.T) {
	template := synthesized(t)
	check(t, "bucket's events", at(t, one(t, template, "AWS::S3::Bucket").properties, "NotificationConfiguration",
		"EventBridgeConfiguration", "EventBridgeEnabled"), true)
	want := map[string]string{
		"FailedRecords": `{"detail":{"bucket":{"name":["${Bucket83908E77}"]},"object":{"key":[{"prefix":"errors/"}]}},` +
			`"detail-type":["Object Created"],"source":["aws.s3"]}`,
		"CrawlerFailures": `{"detail":{"crawlerName":["MetricsDashboard"],"state":["Failed"]},` +
			`"detail-type":["Glue Crawler State Change"],"source":["aws.glue"]}`,
	}
	rules := slices.DeleteFunc(ofType(t, template, "AWS::Events::Rule"), func(r resource) bool { return r.properties["EventPattern"] == nil })
	if len(rules) != len(want) {
		t.Errorf("%d rules, want %d", len(rules), len(want))
	}
	counted := map[string]string{}
	for _, a := range ofType(t, template, "AWS::CloudWatch::Alarm") {
		if a.properties["Namespace"] == "AWS/Events" {
			counted[show(at(t, a.properties, "Dimensions", 0, "Value"))] = a.id
		}
	}
	for _, r := range rules {
		check(t, r.id, plain(t, r.properties["EventPattern"]), want[strings.TrimRight(r.id, "0123456789ABCDEF")])
		if r.properties["Targets"] != nil || counted["${"+r.id+"}"] == "" {
			t.Errorf("rule %s has targets %v, alarm %q", r.id, r.properties["Targets"], counted["${"+r.id+"}"])
		}
	}
}

// If a setting changes, the threshold of its alarm changes too.
func TestAlarmThresholdsFollowTheSettings(t *testing.T) {
	thresholds := map[string]any{}
	for _, a := range ofType(t, templateOf(t, "everything"), "AWS::CloudWatch::Alarm") {
		thresholds[a.id[:strings.Index(a.id, "Alarm")]] = a.properties["Threshold"]
	}
	check(t, "freshness (s) for a buffer of 60 s", thresholds["DataFreshness"], 420)
	check(t, "duration (ms) for a timeout of 300 s", thresholds["TransformDuration"], 240000)
}

func TestAlarmsAreAboutThisStackAndReachTheTopic(t *testing.T) {
	eachVariant(t, func(t *testing.T, _ string, template map[string]any) {
		topic := called(t, template, "AWS::SNS::Topic", "Alarms").id
		for _, a := range ofType(t, template, "AWS::CloudWatch::Alarm") {
			for _, actions := range []string{"AlarmActions", "OKActions"} {
				check(t, a.id+": "+actions, list(a.properties[actions]), []string{"${" + topic + "}"})
			}
			switch show(a.properties["Namespace"]) {
			case "AWS/Firehose":
				check(t, a.id, at(t, a.properties, "Dimensions", 0, "Value"), "${Stream}")
			case "AWS/Lambda":
				function := map[string]string{"Transf": "Transform", "Rollup": "Rollup", "Alerts": "AlertsFunction"}[a.id[:6]]
				check(t, a.id, at(t, a.properties, "Dimensions", 0, "Value"), "${"+called(t, template, "AWS::Lambda::Function", function).id+"}")
			}
		}
	})
}

// The filter counts the transform's log lines. Both take the message from the contract.
func TestRefusedRecordsAreCounted(t *testing.T) {
	f := one(t, synthesized(t), "AWS::Logs::MetricFilter")
	check(t, "log group", f.properties["LogGroupName"], "${TransformLogsFA8B2747}")
	check(t, "pattern", f.properties["FilterPattern"], `{ $.msg = "`+record.RefusedMessage+`" }`)
}

var heading = regexp.MustCompile(`(?m)^## (.+)$`)

// The description of each alarm names an entry of the runbook, and each entry has an alarm.
func TestRunbookHasEveryAlarm(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repository(t), "RUNBOOK.md"))
	if err != nil {
		t.Fatal(err)
	}
	var entries []string
	for _, match := range heading.FindAllStringSubmatch(string(text), -1) {
		entries = append(entries, strings.ReplaceAll(strings.ToLower(match[1]), " ", "-"))
	}
	var named []string
	for _, a := range ofType(t, templateOf(t, "platform"), "AWS::CloudWatch::Alarm") {
		_, entry, found := strings.Cut(a.properties["AlarmDescription"].(string), "RUNBOOK.md#")
		if !found || !slices.Contains(entries, entry) {
			t.Errorf("%s names no entry of RUNBOOK.md: %v", a.id, a.properties["AlarmDescription"])
		}
		named = append(named, entry)
	}
	for i, section := range strings.Split(string(text), "\n## ")[1:] {
		if !slices.Contains(named, entries[i]) {
			t.Errorf("RUNBOOK.md has an entry %s and no alarm for it", entries[i])
		}
		for _, part := range []string{"**Means**", "**Look at**", "**Do**"} {
			if !strings.Contains(section, part) {
				t.Errorf("entry %s has no %s", entries[i], part)
			}
		}
	}
}

func TestBoardShowsEveryAlarm(t *testing.T) {
	template := templateOf(t, "platform")
	board := references(one(t, template, "AWS::CloudWatch::Dashboard").properties)
	for _, a := range ofType(t, template, "AWS::CloudWatch::Alarm") {
		if !slices.Contains(board, a.id) {
			t.Errorf("%s is not on the dashboard", a.id)
		}
	}
}

func TestTopic(t *testing.T) {
	if n := len(ofType(t, synthesized(t), "AWS::SNS::Subscription")); n != 0 {
		t.Errorf("%d are subscribed with no address configured", n)
	}
	s := called(t, templateOf(t, "everything"), "AWS::SNS::Subscription", "Alarms")
	check(t, "protocol", s.properties["Protocol"], "email")
	check(t, "address", s.properties["Endpoint"], "operator@example.org")
}

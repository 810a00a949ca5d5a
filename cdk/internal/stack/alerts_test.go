package stack_test

import (
	"slices"
	"strings"
	"testing"
)

// withAlerts are the configurations that have alerts: by an address, and by the setting.
func withAlerts(name string) bool { return name == "everything" || name == "platform" }

// Without a setting there are no alerts, and they cost nothing.
func TestAlertsAreOffByDefault(t *testing.T) {
	eachVariant(t, func(t *testing.T, name string, template map[string]any) {
		found := 0
		for id := range template["Resources"].(map[string]any) {
			if strings.HasPrefix(id, "Alerts") {
				found++
			}
		}
		if (found > 0) != withAlerts(name) {
			t.Errorf("%d resources for alerts", found)
		}
	})
}

// The function knows what its program reads (functions/cmd/alerts), and a schedule starts it.
func TestAlertsFunction(t *testing.T) {
	for name, want := range map[string][2]string{
		"platform": {
			"map[Variables:map[BUCKET:${Bucket83908E77} DASHBOARD_URL: DATABASE:${DatabaseB269D8BB} DELAY:8m0s LOG_LEVEL:INFO " +
				"RULES_PARAMETER:/metrics-dashboard/Platform-Metrics/alert-rules STACK:Platform-Metrics STATE:alerts/told.json TABLE:${TABLE} " +
				"TOPIC:${TOPIC} WORKGROUP:${AlertsWorkGroup}]]",
			"rate(5 minutes)",
		},
		"everything": {
			"map[Variables:map[BUCKET:${Bucket83908E77} DASHBOARD_URL:https://metrics.example.org/ DATABASE:${DatabaseB269D8BB} DELAY:4m0s " +
				"LOG_LEVEL:DEBUG RULES_PARAMETER:/metrics-dashboard/Everything/alert-rules STACK:Everything STATE:alerts/told.json TABLE:${TABLE} " +
				"TOPIC:${TOPIC} WORKGROUP:${AlertsWorkGroup}]]",
			"rate(1 hour)",
		},
	} {
		template := templateOf(t, name)
		f := called(t, template, "AWS::Lambda::Function", "AlertsFunction")
		check(t, "timeout", f.properties["Timeout"], 120)
		check(t, "architecture", f.properties["Architectures"], "[arm64]")
		names := strings.NewReplacer("${TABLE}", "${"+called(t, template, "AWS::Glue::Table", "Table").id+"}",
			"${TOPIC}", "${"+called(t, template, "AWS::SNS::Topic", "Alerts").id+"}")
		check(t, "environment", show(spelled(f.properties["Environment"])), names.Replace(want[0]))
		rule := called(t, template, "AWS::Events::Rule", "AlertsSchedule")
		check(t, "schedule", rule.properties["ScheduleExpression"], want[1])
		check(t, "target", at(t, rule.properties, "Targets", 0, "Arn"), "${"+f.id+".Arn}")
		if workgroup := called(t, template, "AWS::Athena::WorkGroup", "AlertsWorkGroup").properties["Name"]; workgroup == called(t, template, "AWS::Athena::WorkGroup", "WorkGroup").properties["Name"] {
			t.Errorf("the alerts share the workgroup %v with people", workgroup)
		}
		check(t, "repeated runs", called(t, template, "AWS::Lambda::EventInvokeConfig", "Alerts").properties["MaximumRetryAttempts"], 0)
	}
}

// Messages go to a topic of their own, encrypted as the configuration says, and by TLS only. The address is subscribed to it.
func TestAlertTopic(t *testing.T) {
	template := templateOf(t, "everything")
	topic := called(t, template, "AWS::SNS::Topic", "Alerts")
	check(t, "name", topic.properties["TopicName"], "problems")
	subscribed := map[string]string{}
	for _, s := range ofType(t, template, "AWS::SNS::Subscription") {
		subscribed[show(s.properties["Endpoint"])] = show(s.properties["TopicArn"])
	}
	check(t, "subscription", subscribed["people@example.org"], "${"+topic.id+"}")
	if subscribed["operator@example.org"] == subscribed["people@example.org"] {
		t.Error("alarms and alerts go to one topic")
	}
	template = templateOf(t, "platform")
	topic = called(t, template, "AWS::SNS::Topic", "Alerts")
	check(t, "key", topic.properties["KmsMasterKeyId"], keyARN)
	found := false
	for _, p := range ofType(t, template, "AWS::SNS::TopicPolicy") {
		if list(p.properties["Topics"])[0] != "${"+topic.id+"}" {
			continue
		}
		found = true
		for _, s := range list(at(t, p.properties, "PolicyDocument", "Statement")) {
			if !strings.Contains(s, "Effect:Deny") || !strings.Contains(s, "aws:SecureTransport:false") {
				t.Errorf("the policy of the topic has %s", s)
			}
		}
	}
	if !found {
		t.Error("the topic takes requests without TLS")
	}
}

// The function may publish only to its topic. It may write only Athena's results and the object that says what was reported. It may not
// delete.
func TestAlertsMayOnlyAlert(t *testing.T) {
	eachVariant(t, func(t *testing.T, name string, template map[string]any) {
		if !withAlerts(name) {
			return
		}
		role := references(called(t, template, "AWS::Lambda::Function", "AlertsFunction").properties["Role"])[0]
		topic := called(t, template, "AWS::SNS::Topic", "Alerts").id
		writes, published := 0, ""
		for _, g := range grants(t, template) {
			if !slices.Contains(g.of, role) {
				continue
			}
			for _, s := range g.statements {
				actions, on := strings.Join(list(s["Action"]), " "), strings.Join(list(s["Resource"]), " ")
				for _, never := range []string{"Delete", "Update", "Create", "PutParameter", "firehose", "*"} {
					if strings.Contains(strings.ReplaceAll(actions, "logs:CreateLogStream", ""), never) {
						t.Errorf("it may %s on %s", actions, on)
					}
				}
				if strings.Contains(actions, "s3:PutObject") {
					writes++
					if !strings.HasSuffix(on, "/athena-results/*") && !strings.HasSuffix(on, "/alerts/told.json") {
						t.Errorf("it may %s on %s", actions, on)
					}
				}
				if strings.Contains(actions, "sns:") {
					published = actions + " " + on
				}
			}
		}
		check(t, "folders it may write", writes, 2)
		check(t, "publishes", published, "sns:Publish ${"+topic+"}")
	})
}

package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// newTopic adds the topic that alarms are sent to.
//
// It uses no KMS key unless the configuration has one. CloudWatch cannot publish to a topic with AWS's own key for SNS.
// Without a key SNS still encrypts what it stores, and messages hold only names and numbers of alarms.
//
// CloudWatch sends both condition keys that the policy asks for (see fromThisAccount). Sources: SNS developer guide,
// sns-access-policy-use-cases.html; grantCloudWatchAlarmsTopicAccess of AWS's Modern Data Architecture Accelerator.
func newTopic(scope constructs.Construct, c config.Config) awssns.ITopic {
	topic := awssns.NewTopic(scope, jsii.String("Alarms"), &awssns.TopicProps{
		DisplayName: jsii.String("Metrics Dashboard"),
		MasterKey:   keyOf(scope, "Topic", c),
		EnforceSSL:  jsii.Bool(true),
	})
	// The policy takes any alarm of the account: the alarms refer to the topic, so the topic cannot refer to them.
	conditions := fromThisAccount(arn(scope, "cloudwatch", "alarm:*"))
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("AlarmsOfThisAccount"),
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{topic.TopicArn()},
		Principals: &[]awsiam.IPrincipal{service("cloudwatch", nil)},
		Conditions: &conditions,
	}))
	if c.AlarmEmail != "" {
		topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(&c.AlarmEmail, nil))
	}
	return topic
}

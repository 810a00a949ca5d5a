package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// newTopic adds the topic of the alarms. Without a key of the configuration SNS encrypts what it stores: AWS's key for SNS
// does not let CloudWatch publish, and messages hold names and numbers of alarms only. CloudWatch sends both keys of the
// condition: SNS developer guide, sns-access-policy-use-cases.html; grantCloudWatchAlarmsTopicAccess of AWS's Modern Data
// Architecture Accelerator asks for both.
func newTopic(scope constructs.Construct, c config.Config) awssns.ITopic {
	topic := awssns.NewTopic(scope, jsii.String("Alarms"), &awssns.TopicProps{
		DisplayName: jsii.String("Metrics Dashboard"),
		MasterKey:   keyOf(scope, "Topic", c),
		EnforceSSL:  jsii.Bool(true),
	})
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("AlarmsOfThisAccount"),
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{topic.TopicArn()},
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), nil)},
		Conditions: &map[string]any{
			"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()},
			// Naming the alarms would be a circle: they name the topic.
			"ArnLike": map[string]any{"aws:SourceArn": arn(scope, "cloudwatch", "alarm:*")},
		},
	}))
	if c.AlarmEmail != "" {
		topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(&c.AlarmEmail, nil))
	}
	return topic
}

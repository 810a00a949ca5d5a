package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newEdgePolicy adds the policy to attach to machines: send to this stream, read where to send, nothing else.
func newEdgePolicy(scope constructs.Construct, streamARN *string, path string) {
	policy := awsiam.NewManagedPolicy(scope, jsii.String("EdgePolicy"), &awsiam.ManagedPolicyProps{
		Description: jsii.String("Collectors: send to the delivery stream and read the parameters of " + path),
		Statements: &[]awsiam.PolicyStatement{
			allow(streamARN)("firehose:PutRecordBatch"),
			// All below the path, as an operator may add edge-config there. GetParametersByPath is checked against the
			// path itself.
			allow(arn(scope, "ssm", "parameter"+path), arn(scope, "ssm", "parameter"+path+"/*"))(
				"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"),
		},
	})
	output(scope, "EdgePolicyArn", policy.ManagedPolicyArn(), "Managed policy to attach to machines that run edge")
}

// allow returns a function that allows actions on resources.
func allow(resources ...*string) func(actions ...string) awsiam.PolicyStatement {
	return func(actions ...string) awsiam.PolicyStatement {
		return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions:   jsii.Strings(actions...),
			Resources: &resources,
		})
	}
}

func output(scope constructs.Construct, id string, value *string, description string) {
	awscdk.NewCfnOutput(scope, jsii.String(id+"Output"), &awscdk.CfnOutputProps{
		Value:       value,
		Description: &description,
	}).OverrideLogicalId(&id)
}

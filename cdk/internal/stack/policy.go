package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

// allow returns a function that makes a policy statement. The statement allows actions on these resources.
func allow(resources ...*string) func(actions ...string) awsiam.PolicyStatement {
	return func(actions ...string) awsiam.PolicyStatement {
		return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
			Actions:   jsii.Strings(actions...),
			Resources: &resources,
		})
	}
}

// inline returns policies that CloudFormation creates together with their role. A separate policy would be created after the role. A
// service that checks the role at once may not see that policy yet.
func inline(statements ...awsiam.PolicyStatement) *map[string]awsiam.PolicyDocument {
	return &map[string]awsiam.PolicyDocument{
		"Own": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements}),
	}
}

package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

// service is an AWS service that may assume a role, under conditions where it is documented to send the keys that they ask for;
// otherwise creation fails, or the service does, with "unable to assume role". Who has no condition cannot be led to a role
// of this stack either: a service takes a role only from whom IAM lets pass it (iam:PassRole), within its account.
//
//   - firehose sends sts:ExternalId: Firehose developer guide, "Controlling access with Amazon Data Firehose".
//   - lambda sends aws:SourceAccount: Lambda developer guide, permissions-managed-policies.html ("When a service assumes a
//     role in your account, you can include the aws:SourceAccount and aws:SourceArn …").
//   - ssm sends aws:SourceAccount and aws:SourceArn: Systems Manager user guide, hybrid-multicloud-service-role.html.
//   - glue: neither its guide (create-an-iam-role.html) nor AWS's own deployments have a condition.
//   - quicksight: likewise; cid-cfn.yml of AWS's Cloud Intelligence Dashboards has none.
//   - ec2 names no account when it assumes an instance's role (github.com/prowler-cloud/prowler, issue 2810).
func service(name string, conditions map[string]any) awsiam.ServicePrincipal {
	return awsiam.NewServicePrincipal(jsii.String(name+".amazonaws.com"), &awsiam.ServicePrincipalOpts{
		Conditions: &conditions,
	})
}

// sameAccount lets a service act for resources of the stack's own account only.
func sameAccount() map[string]any {
	return map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()}}
}

// inline is what a role may do from the moment that it is there. A policy of its own comes later, and a service that checks
// at once may see the role without it.
func inline(statements ...awsiam.PolicyStatement) *map[string]awsiam.PolicyDocument {
	return &map[string]awsiam.PolicyDocument{
		"Own": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements}),
	}
}

package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

// service returns an AWS service as the principal of a policy. conditions limit what the policy allows; nil means that there are no
// conditions.
//
// A condition uses only keys that the service sends, by AWS's documentation. If the service does not send a key, it cannot assume
// the role: the deployment fails with "unable to assume role", or the service fails later.
//
//   - firehose sends sts:ExternalId. Source: Firehose developer guide, "Controlling access with Amazon Data Firehose".
//   - lambda sends aws:SourceAccount. Source: Lambda developer guide, permissions-managed-policies.html ("When a service
//     assumes a role in your account, you can include the aws:SourceAccount and aws:SourceArn …").
//   - ssm sends aws:SourceAccount and aws:SourceArn. Source: Systems Manager user guide, hybrid-multicloud-service-role.html.
//   - glue has no condition in its guide (create-an-iam-role.html) or in AWS's own deployments.
//   - quicksight has no condition in cid-cfn.yml of AWS's Cloud Intelligence Dashboards.
//   - ec2 names no account when it assumes an instance's role (github.com/prowler-cloud/prowler, issue 2810).
//
// A role without a condition is still closed to other accounts: a service takes a role only from a caller that IAM allows
// iam:PassRole on it, and such a caller belongs to the role's account.
func service(name string, conditions map[string]any) awsiam.IPrincipal {
	var options *awsiam.ServicePrincipalOpts
	if conditions != nil {
		options = &awsiam.ServicePrincipalOpts{Conditions: &conditions}
	}
	return awsiam.NewServicePrincipal(jsii.String(name+".amazonaws.com"), options)
}

// fromThisAccount returns conditions under which a service acts for resources of the stack's own account. If source is not
// nil, the resource's ARN must also match it.
func fromThisAccount(source *string) map[string]any {
	conditions := map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()}}
	if source != nil {
		conditions["ArnLike"] = map[string]any{"aws:SourceArn": source}
	}
	return conditions
}

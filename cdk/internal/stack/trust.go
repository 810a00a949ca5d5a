package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"
)

// service is an AWS service that may assume a role under conditions.
func service(name string, conditions map[string]any) awsiam.ServicePrincipal {
	return awsiam.NewServicePrincipal(jsii.String(name+".amazonaws.com"), &awsiam.ServicePrincipalOpts{
		Conditions: &conditions,
	})
}

// sameAccount lets a service act for resources of the stack's own account only.
func sameAccount() map[string]any {
	return map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": awscdk.Aws_ACCOUNT_ID()}}
}

package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// parameter is a fact about the stack that programs and people look up: in SSM by its name below the stack's path, and
// among the outputs by its id.
type parameter struct {
	id          string
	name        string
	value       *string
	description string
}

func newDiscovery(scope constructs.Construct, c config.Config, parameters []parameter) {
	for _, p := range parameters {
		awsssm.NewStringParameter(scope, jsii.String(p.id+"Parameter"), &awsssm.StringParameterProps{
			ParameterName: jsii.String(path(c) + "/" + p.name),
			StringValue:   p.value,
			Description:   &p.description,
		})
		output(scope, p.id, p.value, p.description)
	}
}

func output(scope constructs.Construct, id string, value *string, description string) {
	awscdk.NewCfnOutput(scope, jsii.String(id+"Output"), &awscdk.CfnOutputProps{
		Value:       value,
		Description: &description,
	}).OverrideLogicalId(&id)
}

package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// transform is the Lambda function that Firehose invokes, with its role and its log group.
type transform struct {
	function awslambda.IFunction
	role     awsiam.IRole
	logs     awslogs.ILogGroup
}

// newTransform adds the function. zip is the file with its binary. CloudFormation creates the function after the delivery
// role; newDeliveryRole says why.
func newTransform(scope constructs.Construct, c config.Config, zip string, deliveryRole awsiam.Role) transform {
	function, role, logs := newFunction(scope, c, functionProps{
		id: "Transform", part: "Transform", name: c.LambdaFunctionName,
		description: "Checks, enriches and partitions samples for Firehose",
		zip:         zip, timeout: c.LambdaTimeout, memoryMiB: c.LambdaMemoryMiB,
		environment: map[string]*string{"MAX_SAMPLE_AGE_DAYS": jsii.String(days(c.MaxSampleAge))},
		purpose:     "Transform: write its log, put records back onto its delivery stream",
	})
	function.Node().AddDependency(deliveryRole)
	return transform{function: function, role: role, logs: logs}
}

// allowPutBack lets the transform put records back onto the stream, whole or in parts. The permission is a policy of its own. Within the
// role it would make a circle: the role would need the stream's ARN, the stream needs the function, and the function needs the role. The
// function reads the stream's name from each event.
func (t transform) allowPutBack(scope constructs.Construct, streamARN *string) {
	awsiam.NewPolicy(scope, jsii.String("TransformPutBack"), &awsiam.PolicyProps{
		Roles:      &[]awsiam.IRole{t.role},
		Statements: &[]awsiam.PolicyStatement{allow(streamARN)("firehose:PutRecordBatch")},
	})
}

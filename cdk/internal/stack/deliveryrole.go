package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// newDeliveryRole adds the role that Firehose assumes. Its statements are those of the Firehose developer guide, "Controlling
// access with Amazon Data Firehose", limited to the stack's resources. CloudFormation creates them together with the role. The
// permission to invoke the transform is a separate policy (see mayInvoke), because the transform is created after the role.
//
// A new role takes some seconds to reach all of AWS. Firehose refuses a stream that uses the role too early
// (github.com/hashicorp/terraform-provider-aws, issue 47937). So CloudFormation creates the role first, then the transform,
// then the stream.
func newDeliveryRole(scope constructs.Construct, c config.Config, bucket awss3.IBucket, table catalog, logs logStream) awsiam.Role {
	return awsiam.NewRole(scope, jsii.String("DeliveryRole"), &awsiam.RoleProps{
		RoleName:    optional(c.RoleName),
		Description: jsii.String("Firehose: transform, convert and deliver samples"),
		// Firehose sends the account that owns the stream. So no other account's stream can use the role.
		AssumedBy: service("firehose", map[string]any{
			"StringEquals": map[string]any{"sts:ExternalId": awscdk.Aws_ACCOUNT_ID()},
		}),
		InlinePolicies: inline(append(mayUseKey(c, true),
			allow(bucket.BucketArn())("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"),
			allow(
				objectsBelow(bucket.BucketArn(), c.Prefix),
				objectsBelow(bucket.BucketArn(), config.ErrorFolder),
			)("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"),
			allow(table.arns...)("glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"),
			allow(logs.arn(scope))("logs:PutLogEvents"),
		)...),
	})
}

// mayInvoke adds the policy that lets Firehose invoke the transform, with or without the version $LATEST in its ARN.
func mayInvoke(scope constructs.Construct, role awsiam.IRole, function awslambda.IFunction) awsiam.Policy {
	return awsiam.NewPolicy(scope, jsii.String("DeliveryPolicy"), &awsiam.PolicyProps{
		Roles: &[]awsiam.IRole{role},
		Statements: &[]awsiam.PolicyStatement{
			allow(function.FunctionArn(), jsii.String(*function.FunctionArn()+":$LATEST"))(
				"lambda:GetFunctionConfiguration", "lambda:InvokeFunction"),
		},
	})
}

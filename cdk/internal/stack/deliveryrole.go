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

// newDeliveryRole adds the role that Firehose delivers as. Its statements are those of the Firehose developer guide,
// "Controlling access", on these resources only. What Firehose checks when the stream is created is there with the role; the
// permission to invoke the transform, which is made after the role, comes in a policy of its own.
//
// IAM takes some seconds until all of AWS knows a new role; a stream that is created at once is refused
// (github.com/hashicorp/terraform-provider-aws, issue 47937). So the role comes early, the function after it, and the stream
// after both.
func newDeliveryRole(scope constructs.Construct, c config.Config, bucket awss3.IBucket, table catalog, logs logStream) awsiam.Role {
	return awsiam.NewRole(scope, jsii.String("DeliveryRole"), &awsiam.RoleProps{
		RoleName:    optional(c.RoleName),
		Description: jsii.String("Firehose: transform, convert and deliver samples"),
		// Firehose gives the account that owns the stream, so that no stream of another account can use the role.
		AssumedBy: service("firehose", map[string]any{
			"StringEquals": map[string]any{"sts:ExternalId": awscdk.Aws_ACCOUNT_ID()},
		}),
		InlinePolicies: inline(append(mayUseKey(c, true),
			allow(bucket.BucketArn())("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"),
			allow(
				bucket.ArnForObjects(jsii.String(c.Prefix+"*")),
				bucket.ArnForObjects(jsii.String(config.ErrorFolder+"*")),
			)("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"),
			allow(table.arns...)("glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"),
			allow(logs.arn(scope))("logs:PutLogEvents"),
		)...),
	})
}

// mayInvoke is the late part of the delivery role. Firehose may name the version; there is only this one.
func mayInvoke(scope constructs.Construct, role awsiam.IRole, function awslambda.IFunction) awsiam.Policy {
	return awsiam.NewPolicy(scope, jsii.String("DeliveryPolicy"), &awsiam.PolicyProps{
		Roles: &[]awsiam.IRole{role},
		Statements: &[]awsiam.PolicyStatement{
			allow(function.FunctionArn(), jsii.String(*function.FunctionArn()+":$LATEST"))(
				"lambda:GetFunctionConfiguration", "lambda:InvokeFunction"),
		},
	})
}

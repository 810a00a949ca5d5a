package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// newDeliveryRole adds the role that Firehose delivers as. Its statements are those of the Firehose developer guide,
// "Controlling access", on these resources only.
func newDeliveryRole(
	scope constructs.Construct, c config.Config, to destination, logStreamARN *string,
) (awsiam.IRole, awsiam.Policy) {
	role := awsiam.NewRole(scope, jsii.String("DeliveryRole"), &awsiam.RoleProps{
		RoleName:    optional(c.RoleName),
		Description: jsii.String("Firehose: transform, convert and deliver samples"),
		// Firehose gives the account that owns the stream, so that no stream of another account can use the role.
		AssumedBy: service("firehose", map[string]any{
			"StringEquals": map[string]any{"sts:ExternalId": awscdk.Aws_ACCOUNT_ID()},
		}),
	})
	policy := awsiam.NewPolicy(scope, jsii.String("DeliveryPolicy"), &awsiam.PolicyProps{
		Roles: &[]awsiam.IRole{role},
		Statements: &[]awsiam.PolicyStatement{
			allow(to.bucket.BucketArn())("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"),
			allow(
				to.bucket.ArnForObjects(jsii.String(c.Prefix+"*")),
				to.bucket.ArnForObjects(jsii.String(config.ErrorFolder+"*")),
			)("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"),
			// Firehose may name the version; there is only this one.
			allow(to.transform.FunctionArn(), jsii.String(*to.transform.FunctionArn()+":$LATEST"))(
				"lambda:GetFunctionConfiguration", "lambda:InvokeFunction"),
			allow(to.table.arns...)("glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"),
			allow(logStreamARN)("logs:PutLogEvents"),
		},
	})
	return role, policy
}

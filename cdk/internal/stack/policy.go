package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
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

// mayReadSamples returns the statements that a function needs to query the samples by Athena, except those about its workgroup. Sources:
// Athena user guide, "Fine-grained access to databases and tables in the AWS Glue Data Catalog" (each action on a table or
// partition also needs permission on the catalog and the database); Service Authorization Reference, Glue and Athena.
func mayReadSamples(scope constructs.Construct, c config.Config, bucket awss3.IBucket, table catalog) []awsiam.PolicyStatement {
	below := func(folder string) *string { return bucket.ArnForObjects(jsii.String(folder + "*")) }
	return append(mayUseKey(c, true),
		allow(arn(scope, "athena", "datacatalog/AwsDataCatalog"))("athena:GetDataCatalog"),
		// Athena reads the default database before any other (Athena guide, "Access to the default database and catalog").
		allow(arn(scope, "glue", "catalog"), arn(scope, "glue", "database/default"))("glue:GetDatabase"),
		allow(table.arns...)("glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable"),
		allow(bucket.BucketArn())("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"),
		allow(below(c.Prefix))("s3:GetObject"),
		allow(below(config.ResultFolder))("s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"),
	)
}

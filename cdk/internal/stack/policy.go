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
	return append(mayUseAthena(scope, c, bucket.BucketArn()),
		allow(arn(scope, "athena", "datacatalog/AwsDataCatalog"))("athena:GetDataCatalog"),
		allow(table.arns...)("glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable"),
		allow(objectsBelow(bucket.BucketArn(), c.Prefix))("s3:GetObject"),
	)
}

// mayUseAthena returns the statements that each caller of Athena needs, whatever it queries: to use the key, to find the bucket, and to
// write and read answers. They do not include those about workgroups, catalogs, tables and the tables' objects.
func mayUseAthena(scope constructs.Construct, c config.Config, bucketARN *string) []awsiam.PolicyStatement {
	return append(mayUseKey(c, true),
		// Athena reads the default database before any other (Athena guide, "Access to the default database and catalog").
		allow(arn(scope, "glue", "catalog"), arn(scope, "glue", "database/default"))("glue:GetDatabase"),
		// No condition limits the prefix: some of Athena's requests for the bucket have no prefix (Athena guide, "Access to
		// Amazon S3").
		allow(bucketARN)("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"),
		allow(objectsBelow(bucketARN, config.ResultFolder))("s3:AbortMultipartUpload", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"),
	)
}

// objectsBelow returns the ARN of all objects below a folder of a bucket.
func objectsBelow(bucketARN *string, folder string) *string {
	return jsii.String(*bucketARN + "/" + folder + "*")
}

package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// newBucket adds the bucket of the lake: Parquet below the prefix, failed records below errors/,
// answers of queries below athena-results/.
func newBucket(scope constructs.Construct, c config.Config) awss3.IBucket {
	removal := awscdk.RemovalPolicy_RETAIN
	if c.DestroyData {
		removal = awscdk.RemovalPolicy_DESTROY
	}
	rules := []*awss3.LifecycleRule{{
		Id: jsii.String("AbortIncompleteUploads"),
		// Parts of an upload that Firehose gave up are billed and never listed.
		AbortIncompleteMultipartUploadAfter: awscdk.Duration_Days(jsii.Number(7)),
	}}
	rules = append(rules, &awss3.LifecycleRule{
		Id:         jsii.String("ExpireQueryResults"),
		Prefix:     jsii.String(config.ResultFolder),
		Expiration: awscdk.Duration_Days(jsii.Number(30)),
	})
	if c.RawRetention > 0 {
		rules = append(rules, &awss3.LifecycleRule{
			Id:         jsii.String("ExpireSamples"),
			Prefix:     &c.Prefix,
			Expiration: duration(c.RawRetention),
		})
	}
	bucket := awss3.NewBucket(scope, jsii.String("Bucket"), &awss3.BucketProps{
		BucketName:        optional(c.BucketName),
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		EnforceSSL:        jsii.Bool(true),
		MinimumTLSVersion: jsii.Number(1.2),
		RemovalPolicy:     removal,
		AutoDeleteObjects: jsii.Bool(c.DestroyData), // S3 deletes no bucket that holds objects
		LifecycleRules:    &rules,
	})
	if c.DestroyData {
		limitEmptierLogs(scope, bucket)
	}
	return bucket
}

// limitEmptierLogs gives the function that empties the bucket, which the CDK brings along, a log group that ends: Lambda
// would make one that keeps for ever and outlives the stack.
func limitEmptierLogs(scope constructs.Construct, bucket awss3.Bucket) {
	provider := awscdk.Stack_Of(scope).Node().FindChild(jsii.String("Custom::S3AutoDeleteObjectsCustomResourceProvider"))
	handler := provider.Node().FindChild(jsii.String("Handler")).(awscdk.CfnResource)
	logs := awslogs.NewLogGroup(scope, jsii.String("EmptierLogs"), &awslogs.LogGroupProps{
		LogGroupName:  jsii.String("/aws/lambda/" + *handler.Ref()),
		Retention:     awslogs.RetentionDays_ONE_MONTH,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	bucket.Node().FindChild(jsii.String("AutoDeleteObjectsCustomResource")).Node().AddDependency(logs)
}

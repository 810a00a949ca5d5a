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
	// Kept whatever becomes of the stack, but for a creation that failed: then nothing is in it, and with a name that was
	// given it would be in the way of the next.
	removal := awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE
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
	rules = append(rules, &awss3.LifecycleRule{
		Id:         jsii.String("ExpireFailedRecords"),
		Prefix:     jsii.String(config.ErrorFolder),
		Expiration: duration(c.ErrorRetention),
	})
	if c.RawRetention > 0 {
		rules = append(rules, &awss3.LifecycleRule{
			Id:         jsii.String("ExpireSamples"),
			Prefix:     &c.Prefix,
			Expiration: duration(c.RawRetention),
		})
	}
	encryption := awss3.BucketEncryption_S3_MANAGED
	if c.KMSKeyARN != "" {
		encryption = awss3.BucketEncryption_KMS
	}
	bucket := awss3.NewBucket(scope, jsii.String("Bucket"), &awss3.BucketProps{
		BucketName:        optional(c.BucketName),
		Encryption:        encryption,
		EncryptionKey:     keyOf(scope, "Bucket", c),
		BucketKeyEnabled:  onlyIf(c.KMSKeyARN != ""), // one request to the key for many objects
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		EnforceSSL:        jsii.Bool(true),
		MinimumTLSVersion: jsii.Number(1.2),
		RemovalPolicy:     removal,
		AutoDeleteObjects: jsii.Bool(c.DestroyData), // S3 deletes no bucket that holds objects
		LifecycleRules:    &rules,
	})
	// Tells EventBridge of new objects, for the alarm of records that failed. The construct's own flag brings a function along.
	bucket.Node().DefaultChild().(awss3.CfnBucket).AddPropertyOverride(
		jsii.String("NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled"), true)
	if c.DestroyData {
		limitEmptierLogs(scope, c, bucket)
	}
	return bucket
}

// limitEmptierLogs gives the function that empties the bucket, which the CDK brings along, a log group that ends: Lambda
// would make one that keeps for ever and outlives the stack.
func limitEmptierLogs(scope constructs.Construct, c config.Config, bucket awss3.Bucket) {
	provider := awscdk.Stack_Of(scope).Node().FindChild(jsii.String("Custom::S3AutoDeleteObjectsCustomResourceProvider"))
	handler := provider.Node().FindChild(jsii.String("Handler")).(awscdk.CfnResource)
	logs := awslogs.NewLogGroup(scope, jsii.String("EmptierLogs"), &awslogs.LogGroupProps{
		EncryptionKey: keyOf(scope, "EmptierLogs", c),
		LogGroupName:  jsii.String("/aws/lambda/" + *handler.Ref()),
		Retention:     awslogs.RetentionDays_ONE_MONTH,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	bucket.Node().FindChild(jsii.String("AutoDeleteObjectsCustomResource")).Node().AddDependency(logs)
}

// onlyIf is true, or nil, which leaves a property out.
func onlyIf(condition bool) *bool {
	if !condition {
		return nil
	}
	return jsii.Bool(true)
}

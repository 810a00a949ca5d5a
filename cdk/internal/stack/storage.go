package stack

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// newBucket adds the bucket of the lake. It holds samples below the prefix, rollups below rollup/, failed records below errors/, failed
// records that were sent again below replayed/, query results below athena-results/, and what alerts have reported below alerts/.
func newBucket(scope constructs.Construct, c config.Config) awss3.IBucket {
	// CloudFormation keeps the bucket when the stack is deleted. It deletes the bucket only if the first deployment fails: the
	// bucket is empty then, and its name would make the next deployment fail.
	removal := awscdk.RemovalPolicy_RETAIN_ON_UPDATE_OR_DELETE
	if c.DestroyData {
		removal = awscdk.RemovalPolicy_DESTROY
	}
	rules := []*awss3.LifecycleRule{
		{
			Id: jsii.String("AbortIncompleteUploads"),
			// S3 bills the parts of an unfinished upload and does not list them among the objects.
			AbortIncompleteMultipartUploadAfter: awscdk.Duration_Days(jsii.Number(7)),
		},
		{
			Id:         jsii.String("ExpireQueryResults"),
			Prefix:     jsii.String(config.ResultFolder),
			Expiration: awscdk.Duration_Days(jsii.Number(30)),
		},
		{
			Id:         jsii.String("ExpireFailedRecords"),
			Prefix:     jsii.String(config.ErrorFolder),
			Expiration: duration(c.ErrorRetention),
		},
		{
			// The replay notes here which records of an object it has sent. The note must outlive the object, and S3 needs some days to
			// remove objects.
			Id:         jsii.String("ExpireReplayedRecords"),
			Prefix:     jsii.String(config.ReplayedFolder),
			Expiration: duration(c.ErrorRetention + 7*24*time.Hour),
		},
	}
	rules = append(rules, &awss3.LifecycleRule{
		// Rollups are kept for years, and those of long ago are hardly read. Reading costs no more in a cheaper tier of this class. S3 does
		// not move objects below 128 KB (Amazon S3 user guide, "How S3 Intelligent-Tiering works").
		Id:     jsii.String("TierRollups"),
		Prefix: jsii.String(config.RollupFolder),
		Transitions: &[]*awss3.Transition{{
			StorageClass: awss3.StorageClass_INTELLIGENT_TIERING(), TransitionAfter: awscdk.Duration_Days(jsii.Number(0)),
		}},
	})
	if c.RawRetention > 0 {
		rules = append(rules, &awss3.LifecycleRule{
			Id:         jsii.String("ExpireSamples"),
			Prefix:     &c.Prefix,
			Expiration: duration(c.RawRetention),
		})
	}
	if c.RollupRetention > 0 {
		rules = append(rules, &awss3.LifecycleRule{
			Id:         jsii.String("ExpireRollups"),
			Prefix:     jsii.String(config.RollupFolder),
			Expiration: duration(c.RollupRetention),
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
		BucketKeyEnabled:  onlyIf(c.KMSKeyARN != ""), // S3 then calls KMS once for many objects
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		EnforceSSL:        jsii.Bool(true),
		MinimumTLSVersion: jsii.Number(1.2),
		RemovalPolicy:     removal,
		AutoDeleteObjects: jsii.Bool(c.DestroyData), // S3 deletes only an empty bucket
		LifecycleRules:    &rules,
	})
	// S3 tells EventBridge about new objects; the alarm about failed records counts them. The construct's own flag would add a
	// Lambda function to the stack.
	bucket.Node().DefaultChild().(awss3.CfnBucket).AddPropertyOverride(
		jsii.String("NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled"), true)
	if c.DestroyData {
		limitEmptierLogs(scope, c, bucket)
	}
	return bucket
}

// limitEmptierLogs adds a log group for the function of the CDK that empties the bucket. Without it Lambda would create a log
// group that outlives the stack and never expires.
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

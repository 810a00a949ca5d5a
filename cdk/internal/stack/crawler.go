package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsglue"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// newCrawler adds the crawler that registers partitions for engines which, unlike Athena, do not compute them. It logs
// what else it finds: the table is the stack's to define.
func newCrawler(scope constructs.Construct, c config.Config, bucket awss3.IBucket, table catalog) {
	name := c.StackName // known before the crawler is, so that its role may write that crawler's log only
	role := awsiam.NewRole(scope, jsii.String("CrawlerRole"), &awsiam.RoleProps{
		Description: jsii.String("Crawler: adds partitions to the table"),
		AssumedBy:   service("glue", sameAccount()),
	})
	policy := awsiam.NewPolicy(scope, jsii.String("CrawlerPolicy"), &awsiam.PolicyProps{
		Roles: &[]awsiam.IRole{role},
		Statements: &[]awsiam.PolicyStatement{
			allow(table.arns...)(
				"glue:BatchCreatePartition", "glue:BatchGetPartition", "glue:BatchUpdatePartition", "glue:CreatePartition",
				"glue:GetDatabase", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:UpdatePartition"),
			allow(bucket.BucketArn())("s3:GetBucketLocation"),
			listBelow(bucket, c.Prefix),
			allow(bucket.ArnForObjects(jsii.String(c.Prefix + "*")))("s3:GetObject"),
			// All crawlers of an account and region share one log group, which the first one makes: no stack can own it
			// or set its retention.
			allow(arn(scope, "logs", "log-group:/aws-glue/crawlers"))("logs:CreateLogGroup"),
			allow(arn(scope, "logs", "log-group:/aws-glue/crawlers:log-stream:"+name))(
				"logs:CreateLogStream", "logs:PutLogEvents"),
		},
	})
	crawler := awsglue.NewCfnCrawler(scope, jsii.String("Crawler"), &awsglue.CfnCrawlerProps{
		Name:        &name,
		Description: jsii.String("Registers partitions of the table for engines other than Athena"),
		Role:        role.RoleArn(),
		Targets: &awsglue.CfnCrawler_TargetsProperty{CatalogTargets: []any{
			&awsglue.CfnCrawler_CatalogTargetProperty{DatabaseName: table.database, Tables: &[]*string{table.name}},
		}},
		Schedule: &awsglue.CfnCrawler_ScheduleProperty{ScheduleExpression: &c.CrawlerSchedule},
		SchemaChangePolicy: &awsglue.CfnCrawler_SchemaChangePolicyProperty{
			UpdateBehavior: jsii.String("LOG"), // UPDATE_IN_DATABASE removes what the crawler did not set: the projection
			DeleteBehavior: jsii.String("LOG"), // the only one that Glue takes for a catalog target
		},
		Configuration: jsii.String(`{"Version":1.0,"CrawlerOutput":{"Partitions":{"AddOrUpdateBehavior":"InheritFromTable"}},` +
			`"Grouping":{"TableGroupingPolicy":"CombineCompatibleSchemas"}}`),
	})
	crawler.Node().AddDependency(policy)
}

// listBelow allows to list a folder of a bucket.
func listBelow(bucket awss3.IBucket, prefix string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:    jsii.Strings("s3:ListBucket"),
		Resources:  &[]*string{bucket.BucketArn()},
		Conditions: &map[string]any{"StringLike": map[string]any{"s3:prefix": []string{prefix + "*"}}},
	})
}

package stack

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsglue"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

// crawlerName is known before the crawler is, so that its role may write that crawler's log only.
func crawlerName(c config.Config) *string { return &c.StackName }

// newCrawler adds the crawler that registers partitions for engines which, unlike Athena, do not compute them. It logs
// what else it finds: the table is the stack's to define. Without a schedule it runs when somebody starts it.
//
// Glue assumes the role at once when the crawler is created ("Service is unable to assume provided role":
// github.com/hashicorp/terraform-provider-aws, issue 30371), so that the crawler waits for what comes last.
func newCrawler(scope constructs.Construct, c config.Config, bucket awss3.IBucket, table catalog, last awscdk.CfnResource) {
	// The actions are those of the crawlers' role in AWS's own deploy-data-collection.yaml (Cloud Intelligence Dashboards
	// Data Collection, 3.14.8), on this table only, without those that make or delete anything but partitions. Updating the
	// table is what the policy on changes forbids below.
	role := awsiam.NewRole(scope, jsii.String("CrawlerRole"), &awsiam.RoleProps{
		Description: jsii.String("Crawler: adds partitions to the table"),
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("glue.amazonaws.com"), nil),
		InlinePolicies: inline(append(mayUseKey(c, false),
			allow(table.arns...)(
				"glue:BatchCreatePartition", "glue:BatchGetPartition", "glue:BatchUpdatePartition", "glue:CreatePartition",
				"glue:GetDatabase", "glue:GetDatabases", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable",
				"glue:GetTables", "glue:GetTableVersion", "glue:GetTableVersions", "glue:UpdatePartition", "glue:UpdateTable"),
			allow(bucket.BucketArn())("s3:GetBucketLocation", "s3:ListBucket"),
			allow(bucket.ArnForObjects(jsii.String(c.Prefix+"*")))("s3:GetObject"),
			// All crawlers of an account and region share one log group, which the first one makes: no stack can own it
			// or set its retention.
			allow(arn(scope, "logs", "log-group:/aws-glue/crawlers"))("logs:CreateLogGroup"),
			allow(arn(scope, "logs", "log-group:/aws-glue/crawlers:log-stream:"+*crawlerName(c)))(
				"logs:CreateLogStream", "logs:PutLogEvents"),
		)...),
	})
	crawler := awsglue.NewCfnCrawler(scope, jsii.String("Crawler"), &awsglue.CfnCrawlerProps{
		Name:        crawlerName(c),
		Description: jsii.String("Registers partitions of the table for engines other than Athena"),
		Role:        role.RoleArn(),
		Targets: &awsglue.CfnCrawler_TargetsProperty{CatalogTargets: []any{
			&awsglue.CfnCrawler_CatalogTargetProperty{DatabaseName: table.database, Tables: &[]*string{table.name}},
		}},
		SchemaChangePolicy: &awsglue.CfnCrawler_SchemaChangePolicyProperty{
			UpdateBehavior: jsii.String("LOG"), // UPDATE_IN_DATABASE removes what the crawler did not set: the projection
			DeleteBehavior: jsii.String("LOG"), // the only one that Glue takes for a catalog target
		},
		Configuration: jsii.String(`{"Version":1.0,"CrawlerOutput":{"Partitions":{"AddOrUpdateBehavior":"InheritFromTable"}},` +
			`"Grouping":{"TableGroupingPolicy":"CombineCompatibleSchemas"}}`),
	})
	if c.CrawlerSchedule != "" {
		crawler.SetSchedule(&awsglue.CfnCrawler_ScheduleProperty{ScheduleExpression: &c.CrawlerSchedule})
	}
	crawler.Node().AddDependency(last)
}

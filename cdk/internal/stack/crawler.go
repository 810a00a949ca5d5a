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

// crawlerName is known before the crawler is created. So the role, which is created first, can be limited to this crawler's log.
func crawlerName(c config.Config) *string { return &c.StackName }

// newCrawler adds the crawler. It registers partitions for engines that, unlike Athena, do not compute them. It only logs
// other differences, because the stack defines the table. Without a schedule it runs when somebody starts it.
//
// Glue assumes the role as soon as the crawler is created and may be too early ("Service is unable to assume provided role":
// github.com/hashicorp/terraform-provider-aws, issue 30371). So the crawler waits for the delivery stream, which is created long after the
// role.
func newCrawler(scope constructs.Construct, c config.Config, bucket awss3.IBucket, table catalog, stream awscdk.CfnResource) {
	// The actions are those of the crawlers' role in AWS's own deploy-data-collection.yaml (Cloud Intelligence Dashboards
	// Data Collection, 3.14.8), without the actions that create or delete tables and databases. The role may update the
	// table, but the schema change policy below says that the crawler does not.
	role := awsiam.NewRole(scope, jsii.String("CrawlerRole"), &awsiam.RoleProps{
		Description: jsii.String("Crawler: adds partitions to the table"),
		AssumedBy:   service("glue", nil),
		InlinePolicies: inline(append(mayUseKey(c, false),
			allow(table.arns...)(
				"glue:BatchCreatePartition", "glue:BatchGetPartition", "glue:BatchUpdatePartition", "glue:CreatePartition",
				"glue:GetDatabase", "glue:GetDatabases", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable",
				"glue:GetTables", "glue:GetTableVersion", "glue:GetTableVersions", "glue:UpdatePartition", "glue:UpdateTable"),
			allow(bucket.BucketArn())("s3:GetBucketLocation", "s3:ListBucket"),
			allow(objectsBelow(bucket.BucketArn(), c.Prefix))("s3:GetObject"),
			// All crawlers of an account and region share one log group. The first crawler creates it, so no stack can own
			// it or set its retention.
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
			UpdateBehavior: jsii.String("LOG"), // UPDATE_IN_DATABASE would remove the projection from the table
			DeleteBehavior: jsii.String("LOG"), // Glue takes no other value for a catalog target
		},
		Configuration: jsii.String(`{"Version":1.0,"CrawlerOutput":{"Partitions":{"AddOrUpdateBehavior":"InheritFromTable"}},` +
			`"Grouping":{"TableGroupingPolicy":"CombineCompatibleSchemas"}}`),
	})
	if c.CrawlerSchedule != "" {
		crawler.SetSchedule(&awsglue.CfnCrawler_ScheduleProperty{ScheduleExpression: &c.CrawlerSchedule})
	}
	crawler.Node().AddDependency(stream)
}

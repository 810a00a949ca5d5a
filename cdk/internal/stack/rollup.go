package stack

import (
	"fmt"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsglue"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// rollup is the Lambda function that keeps the tables of minutes, hours and days up to date.
type rollup struct{ function awslambda.IFunction }

// newRollupTables adds the tables of the rollups.
//
// They have no partition projection: the function points each partition at the folder of the run that wrote it, and Athena ignores such
// locations if a table has projection (Athena user guide, "Partition projection with Amazon Athena"). In a year, the table of minutes gets
// 8,760 partitions, one for each hour, and the tables of hours and of days 365 each, one for each day. Glue charges nothing for the first
// million objects of an account and allows 10 million partitions for a table. Athena asks Glue only for the partitions that meet a query's condition on the
// keys. It can do that because the keys are strings.
func newRollupTables(scope constructs.Construct, c config.Config, database awsglue.IDatabase, bucket awss3.IBucket) {
	names := rollupTables(c)
	for i, r := range panels.Rollups() {
		newTable(scope, "Rollup"+r.Name, database, awsglue.S3TableProps{
			TableName: &names[i],
			Description: jsii.String(fmt.Sprintf("One row per machine and %v, with means, extremes and newest texts of its samples",
				map[string]string{panels.Minutes.Name: "minute", panels.Hours.Name: "hour", panels.Days.Name: "day"}[r.Name])),
			Storage:  awsglue.S3TableStorage_FromBucket(bucket),
			S3Prefix: jsii.String(r.Prefix()),
		}, r.Columns(), r.PartitionKeys())
	}
}

// rollupTables returns the names of the tables of the rollups.
func rollupTables(c config.Config) (names []string) {
	for _, r := range panels.Rollups() {
		names = append(names, r.TableOf(c.GlueTableName))
	}
	return names
}

// rollupWorkgroup returns the name of the workgroup for the function's statements. It is a separate one, so that they have their own limit,
// are not listed among people's queries and do not wait behind them.
func rollupWorkgroup(c config.Config) string { return c.StackName + "-rollup" }

const (
	// rollupTimeout is the longest time that Lambda lets a function run. A run that needs more goes on an hour later.
	rollupTimeout = 15 * time.Minute
	// rollupMemory is in MiB. The function keeps lists of objects, about 300 bytes for each object of samples of the days that it looks at:
	// the last maxSampleAgeDays (14 by default), or the days of its event. It also lists all objects of rollups of days. The memory does not
	// follow the setting.
	rollupMemory = 256
	// rollupScanGiB stops a statement that reads far more than it should. An hour of 100,000 machines is 24 GB.
	rollupScanGiB = 100
)

// settleTime is how long after its end an hour is rolled up. A sample waits in the collector's pack, then in the transform's buffer, then in
// the stream's for up to one and a half times the configured time. settleTime is at least four minutes longer than all that, and a multiple
// of five minutes.
func settleTime(c config.Config) time.Duration {
	return (record.MaxLatency + c.BufferingTime*3/2).Truncate(5*time.Minute) + 10*time.Minute
}

// newRollup adds the function, its role, its workgroup and its schedule. zip is the file with its binary.
func newRollup(scope constructs.Construct, c config.Config, zip string, bucket awss3.IBucket, table catalog) rollup {
	// The workgroup overrides the settings of its clients, as that of readers does. An UNLOAD may still name its folder; a
	// CREATE TABLE AS may not (github.com/aws/aws-sdk-pandas, issue 1200 and pull request 1216).
	workgroup := newWorkgroup(scope, c, bucket, workgroupProps{"RollupWorkGroup", rollupWorkgroup(c), "Statements of the rollup's function", rollupScanGiB})
	function, _, _ := newFunction(scope, c, functionProps{
		id: "Rollup", part: "Rollup",
		description: "Keeps the tables of minutes, hours and days up to date, by Athena",
		zip:         zip, timeout: rollupTimeout, memoryMiB: rollupMemory,
		environment: map[string]*string{
			"BUCKET":              bucket.BucketName(),
			"PREFIX":              &c.Prefix,
			"DATABASE":            table.database,
			"TABLE":               table.name,
			"WORKGROUP":           workgroup,
			"MAX_SAMPLE_AGE_DAYS": jsii.String(days(c.MaxSampleAge)),
			"RAW_RETENTION_DAYS":  jsii.String(days(c.RawRetention)),
			"SETTLE":              jsii.String(settleTime(c).String()),
		},
		purpose:   "Rollup: read samples by Athena, write rollups, point partitions at them",
		may:       mayRollUp(scope, c, bucket, table),
		scheduled: true,
	})
	minute := int((settleTime(c) + 5*time.Minute).Minutes())
	schedule(scope, "RollupSchedule", "Starts the rollup each hour, when the samples of the hour before have arrived",
		awsevents.Schedule_Expression(jsii.String(fmt.Sprintf("cron(%d * * * ? *)", minute))), function, 3, 30*time.Minute)
	return rollup{function}
}

// mayRollUp returns the statements that the function needs.
func mayRollUp(scope constructs.Construct, c config.Config, bucket awss3.IBucket, table catalog) []awsiam.PolicyStatement {
	return append(mayReadSamples(scope, c, bucket, table),
		allow(arn(scope, "athena", "workgroup/"+rollupWorkgroup(c)))(
			"athena:GetQueryExecution", "athena:StartQueryExecution", "athena:StopQueryExecution"),
		allow(tableARNs(scope, c, rollupTables(c)...)...)(
			"glue:CreatePartition", "glue:GetPartition", "glue:GetPartitions", "glue:GetTable", "glue:UpdatePartition"),
		allow(objectsBelow(bucket.BucketArn(), config.RollupFolder))(
			"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"),
	)
}

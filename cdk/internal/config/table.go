package config

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

const day = 24 * time.Hour

// settings returns all settings. Problems are reported in this order.
func settings() []setting {
	const generated = ""
	return []setting{
		{
			key: "stackName", fallback: "MetricsDashboard",
			want: "1-100 letters, digits and hyphens, a letter first",
			why:  "CloudFormation takes 128 characters, and the name of the QuickSight stack is longer",
			set:  match(`[A-Za-z][A-Za-z0-9-]{0,99}`, func(c *Config) *string { return &c.StackName }),
		},
		{
			key: "deliveryStreamName", env: "DELIVERY_STREAM_NAME", fallback: generated,
			want: "1-64 of A-Z a-z 0-9 _ . -",
			set:  match(`[A-Za-z0-9_.-]{1,64}`, func(c *Config) *string { return &c.DeliveryStreamName }),
		},
		{
			key: "prefix", env: "PREFIX", fallback: "analytics/",
			want: "folders of A-Z a-z 0-9 _ . -, each ending in /, none starting with _ or ., at most 256 characters, no " +
				"expression, not below " + strings.Join(reservedFolders(), " or "),
			why: "the partitions are appended to it, Athena ignores folders that start with _ or ., and error objects and " +
				"query results stay outside the table",
			set: func(c *Config, v string) bool { c.Prefix = v; return prefixAllowed(v) },
		},
		{
			key: "bufferingSize", env: "BUFFERING_SIZE", fallback: "64",
			want: "64-128 (MiB)",
			why:  "Firehose refuses less than 64 MiB with dynamic partitioning and Parquet conversion on",
			set:  number(64, 128, func(c *Config, n int) { c.BufferingMiB = n }),
		},
		{
			key: "bufferingTime", env: "BUFFERING_TIME", fallback: "300",
			want: "60-900 (seconds)",
			why:  "Firehose refuses less than 60 s with dynamic partitioning on",
			set:  number(60, 900, func(c *Config, n int) { c.BufferingTime = time.Duration(n) * time.Second }),
		},
		{
			key: "region", env: "REGION_NAME", fallback: "",
			want: "an AWS region such as eu-central-1",
			set:  match(`[a-z]{2}(-[a-z]+)+-[0-9]{1,2}`, func(c *Config) *string { return &c.Region }),
		},
		{
			key: "roleName", env: "ROLE_NAME", fallback: generated,
			want: "1-64 of A-Z a-z 0-9 _ + = , . @ -",
			set:  match(`[A-Za-z0-9_+=,.@-]{1,64}`, func(c *Config) *string { return &c.RoleName }),
		},
		{
			key: "bucketName", env: "BUCKET_NAME", fallback: generated,
			want: "3-63 of a-z 0-9 -, a letter or digit first and last, not starting with xn-- or ending in -s3alias",
			why:  "S3 reserves those, and a name with dots has no valid TLS certificate",
			set: func(c *Config, v string) bool {
				c.BucketName = v
				return v == generated || bucketName.MatchString(v) &&
					!strings.HasPrefix(v, "xn--") && !strings.HasSuffix(v, "-s3alias")
			},
		},
		{
			key: "lambdaFunctionName", env: "LAMBDA_FUNCTION_NAME", fallback: generated,
			want: "1-64 of A-Z a-z 0-9 _ -",
			set:  match(`[A-Za-z0-9_-]{1,64}`, func(c *Config) *string { return &c.LambdaFunctionName }),
		},
		{
			key: "lambdaTimeout", env: "LAMBDA_TIMEOUT", fallback: "60",
			want: "1-300 (seconds)",
			why:  "Firehose waits 5 minutes for a transformation",
			set:  number(1, 300, func(c *Config, n int) { c.LambdaTimeout = time.Duration(n) * time.Second }),
		},
		{
			key: "lambdaMemoryMb", env: "LAMBDA_MEMORY_MB", fallback: "256",
			want: "128-10240 (MB)",
			set:  number(128, 10240, func(c *Config, n int) { c.LambdaMemoryMiB = n }),
		},
		{
			key: "maxSampleAgeDays", env: "MAX_SAMPLE_AGE_DAYS", fallback: strconv.Itoa(int(record.DefaultMaxAge / day)),
			want: "1-3650 (days)",
			why: "the transform refuses older samples; above 18 days one delivery can hold more hours than the 500 partitions that " +
				"Firehose allows by default",
			set: number(1, 3650, func(c *Config, n int) { c.MaxSampleAge = time.Duration(n) * day }),
		},
		only("LAMBDA_RUNTIME", "provided.al2023"),
		only("LAMBDA_HANDLER", "bootstrap"),
		{
			// With a fixed name an account could have only one stack.
			key: "glueDatabaseName", env: "GLUE_DATABASE_NAME", derive: databaseName,
			want: glueWant, why: glueWhy,
			set: match(gluePattern, func(c *Config) *string { return &c.GlueDatabaseName }),
		},
		{
			key: "glueTableName", env: "GLUE_TABLE_NAME", fallback: "samples",
			want: "1-252 of a-z 0-9 _", why: glueWhy + ", and Glue takes 255 for a rollup's table",
			set: match(`[a-z0-9_]{1,252}`, func(c *Config) *string { return &c.GlueTableName }),
		},
		{
			key: "firstYear", env: "FIRST_YEAR", fallback: "2026",
			want: "2020-2100",
			why:  "Athena finds no sample of an earlier year, and a query without a time range lists every hour since",
			set:  number(2020, 2100, func(c *Config, n int) { c.FirstYear = n }),
		},
		{
			key: "crawlerSchedule", env: "CRAWLER_SCHEDULE", fallback: "NONE",
			want: "NONE, or cron(minutes hours day-of-month month day-of-week year) in UTC, with ? for one of the two days",
			why:  "each run is billed for at least ten minutes, and Athena finds new hours without the crawler; you can also start it yourself",
			set: func(c *Config, v string) bool {
				if v == "NONE" {
					c.CrawlerSchedule = ""
					return true
				}
				c.CrawlerSchedule = v
				return scheduleAllowed(v)
			},
		},
		{
			key: "athenaScanLimitGb", env: "ATHENA_SCAN_LIMIT_GB", fallback: "10",
			want: "1-10000 (GiB)",
			why:  "Athena bills what a query reads and cancels a query that reads more than this",
			set:  number(1, 10000, func(c *Config, n int) { c.AthenaScanLimitGiB = n }),
		},
		{
			key: "alarmEmail", env: "ALARM_EMAIL", fallback: "",
			want: "an e-mail address, or unset for none",
			why:  "AWS sends alarms to the address after its owner has confirmed the subscription",
			set:  match(emailPattern, func(c *Config) *string { return &c.AlarmEmail }),
		},
		{
			key: "alertEmail", env: "ALERT_EMAIL", fallback: "",
			want: "an e-mail address, or unset for none",
			why:  "AWS sends the problems of hosts to the address after its owner has confirmed the subscription",
			set:  match(emailPattern, func(c *Config) *string { return &c.AlertEmail }),
		},
		{
			// Each run costs money, and is of no use without a receiver.
			key: "alerts", env: "ALERTS",
			derive: func(c Config) string {
				if c.AlertEmail != "" {
					return "on"
				}
				return "off"
			},
			want: "on or off, or unset for on if there is an alertEmail",
			why:  "on means a function that looks for problems of hosts by a query each few minutes, and a topic that it tells",
			set: func(c *Config, v string) bool {
				c.Alerts = v == "on"
				return v == "on" || v == "off"
			},
		},
		{
			key: "alertsEvery", env: "ALERTS_EVERY", fallback: "5",
			want: "1-60 (minutes)",
			why:  "Athena bills the query of each run, and samples take several minutes to arrive anyway",
			set:  number(1, 60, func(c *Config, n int) { c.AlertsEvery = time.Duration(n) * time.Minute }),
		},
		{
			key: "alertTopicName", env: "ALERT_TOPIC_NAME", fallback: generated,
			want: "1-256 of A-Z a-z 0-9 _ -",
			set:  match(`[A-Za-z0-9_-]{1,256}`, func(c *Config) *string { return &c.AlertTopicName }),
		},
		{
			key: "dashboardUrl", env: "DASHBOARD_URL", fallback: "",
			want: "https://HOST or http://HOST, with or without a port and a path, or unset for no links",
			why:  "messages about problems link to the page about the host",
			set:  match(`https?://[A-Za-z0-9.-]{1,200}(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]{0,200})?`, func(c *Config) *string { return &c.DashboardURL }),
		},
		{
			key: "expectRecords", env: "EXPECT_RECORDS", fallback: "false",
			want: "true or false",
			why:  "true means an alarm if no collector sends for 15 minutes, which is normal for a new stack or a sleeping laptop",
			set:  yes(func(c *Config) *bool { return &c.ExpectRecords }),
		},
		{
			key: "quickSightPrincipalArn", env: "QUICKSIGHT_PRINCIPAL_ARN", fallback: "",
			want: "arn:aws:quicksight:REGION:ACCOUNT:user/NAMESPACE/NAME or …:group/NAMESPACE/NAME, or unset for no QuickSight",
			why: "QuickSight shows the dashboard to this user or group; aws quicksight list-users prints the ARNs, and REGION is the " +
				"region of the account's QuickSight users",
			set: match(`arn:aws(-cn|-us-gov)?:quicksight:[a-z]{2}(-[a-z]+)+-[0-9]{1,2}:[0-9]{12}:(user|group)/[A-Za-z0-9._-]+/[^\s](?:[ -ÿ]{0,148}[^\s])?`,
				func(c *Config) *string { return &c.QuickSightPrincipalARN }),
		},
		{
			key: "edgeRoles", env: "EDGE_ROLES", fallback: "none",
			want: "none, ec2, hybrid or both",
			why:  "ec2 makes a role and instance profile for EC2, hybrid a role for machines outside EC2 that SSM manages",
			set: func(c *Config, v string) bool {
				c.EC2Role = v == "ec2" || v == "both"
				c.HybridRole = v == "hybrid" || v == "both"
				return c.EC2Role || c.HybridRole || v == "none"
			},
		},
		{
			key: "logLevel", env: "LOG_LEVEL", fallback: "INFO",
			want: "DEBUG, INFO, WARN or ERROR",
			set: func(c *Config, v string) bool {
				c.LogLevel = strings.ToUpper(v)
				return regexp.MustCompile(`^(DEBUG|INFO|WARN|ERROR)$`).MatchString(c.LogLevel)
			},
		},
		{
			key: "rawRetentionDays", env: "RAW_RETENTION_DAYS", fallback: "",
			want: "1-36500 (days), or unset to keep every object",
			set: func(c *Config, v string) bool {
				return v == "" || number(1, 36500, func(c *Config, n int) {
					c.RawRetention = time.Duration(n) * day
				})(c, v)
			},
		},
		{
			key: "rollupRetentionDays", env: "ROLLUP_RETENTION_DAYS", fallback: "",
			want: "1-36500 (days), or unset to keep every object",
			why:  "S3 then deletes the rows of minutes, hours and days that samples were rolled up to",
			set: func(c *Config, v string) bool {
				return v == "" || number(1, 36500, func(c *Config, n int) {
					c.RollupRetention = time.Duration(n) * day
				})(c, v)
			},
		},
		{
			key: "errorRetentionDays", env: "ERROR_RETENTION_DAYS", fallback: "90",
			want: "1-36500 (days)",
			why:  "S3 then deletes the records below " + ErrorFolder + " that could not be delivered, and a week later those below " + ReplayedFolder,
			set:  number(1, 36500, func(c *Config, n int) { c.ErrorRetention = time.Duration(n) * day }),
		},
		{
			key: "removalPolicy", env: "REMOVAL_POLICY", fallback: "retain",
			want: "retain or destroy",
			why:  "destroy deletes the bucket with every object when the stack is deleted",
			set: func(c *Config, v string) bool {
				c.DestroyData = v == "destroy"
				return v == "destroy" || v == "retain"
			},
		},
		{
			key: "edgePolicyName", env: "EDGE_POLICY_NAME", fallback: generated,
			want: policyWant, why: policyWhy,
			set: match(policyPattern, func(c *Config) *string { return &c.EdgePolicyName }),
		},
		{
			key: "readerPolicyName", env: "READER_POLICY_NAME", fallback: generated,
			want: policyWant, why: policyWhy,
			set: match(policyPattern, func(c *Config) *string { return &c.ReaderPolicyName }),
		},
		{
			key: "replayPolicyName", env: "REPLAY_POLICY_NAME", fallback: generated,
			want: policyWant, why: policyWhy,
			set: match(policyPattern, func(c *Config) *string { return &c.ReplayPolicyName }),
		},
		{
			key: "kmsKeyArn", env: "KMS_KEY_ARN", fallback: "",
			want: "arn:aws:kms:REGION:ACCOUNT:key/ID, or unset for AWS's own keys",
			why:  "it encrypts bucket, stream, logs, topic and query results; its key policy must let these services use it",
			set: match(`arn:aws(-cn|-us-gov)?:kms:[a-z]{2}(-[a-z]+)+-[0-9]{1,2}:[0-9]{12}:key/[A-Za-z0-9-]{1,64}`,
				func(c *Config) *string { return &c.KMSKeyARN }),
		},
		{
			key: "permissionsBoundary", env: "PERMISSIONS_BOUNDARY", fallback: "",
			want: "arn:aws:iam::ACCOUNT:policy/NAME, or unset for none",
			why:  "every role of the stack gets it",
			set: match(`arn:aws(-cn|-us-gov)?:iam::([0-9]{12}|aws):policy/[A-Za-z0-9_+=,.@/-]{1,512}`,
				func(c *Config) *string { return &c.PermissionsBoundary }),
		},
		{
			key: "tags", env: "TAGS", fallback: "",
			want: "name=value,name=value of letters, digits, spaces and _ . : / + - @, at most 40, or unset for none",
			why:  "every resource that can have tags gets them; AWS takes 50 and reserves names that begin with aws:",
			set:  tags,
		},
		{
			key: "terminationProtection", env: "TERMINATION_PROTECTION", fallback: "false",
			want: "true or false",
			why:  "true means that CloudFormation refuses to delete the stack until it is false again",
			set:  yes(func(c *Config) *bool { return &c.TerminationProtection }),
		},
	}
}

// databaseName returns the stack's name in the form that Glue takes.
func databaseName(c Config) string { return strings.ReplaceAll(strings.ToLower(c.StackName), "-", "_") }

const emailPattern = `[^\s@,;<>]+@[^\s@,;<>]+\.[^\s@,;<>]+`

const (
	policyPattern = `[A-Za-z0-9_+=,.@-]{1,128}`
	policyWant    = "1-128 of A-Z a-z 0-9 _ + = , . @ -"
	policyWhy     = "IAM Identity Center's permission sets refer to a policy by its name"
)

const (
	gluePattern = `[a-z0-9_]{1,255}`
	glueWant    = "1-255 of a-z 0-9 _"
	glueWhy     = "Athena and Firehose write it in lower case, and other characters must be quoted in each query"
)

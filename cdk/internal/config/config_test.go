package config_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
)

type environment map[string]string

func (e environment) lookup(name string) (string, bool) {
	v, ok := e[name]
	return v, ok
}

func load(context, file map[string]any, env environment) (config.Config, error) {
	return config.Load(config.Sources{Context: context, File: file, Environment: env.lookup})
}

func TestDefaults(t *testing.T) {
	got, err := load(nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Config{
		StackName: "MetricsDashboard", LogLevel: "INFO", Prefix: "analytics/", GlueDatabaseName: "metricsdashboard",
		GlueTableName: "samples", FirstYear: 2026, AthenaScanLimitGiB: 10, BufferingMiB: 64, BufferingTime: 300 * time.Second,
		LambdaTimeout: 60 * time.Second, LambdaMemoryMiB: 256, MaxSampleAge: 14 * 24 * time.Hour, ErrorRetention: 90 * 24 * time.Hour,
		AlertsEvery: 5 * time.Minute,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

// Two stacks of one account and region get two databases.
func TestDatabaseFollowsTheStack(t *testing.T) {
	for stack, want := range map[string]string{"Metrics-2": "metrics_2", "MetricsDashboard": "metricsdashboard"} {
		c, err := load(map[string]any{"stackName": stack}, nil, nil)
		if err != nil || c.GlueDatabaseName != want {
			t.Errorf("%s has database %s (%v), want %s", stack, c.GlueDatabaseName, err, want)
		}
	}
	if c, err := load(map[string]any{"glueDatabaseName": "d"}, nil, nil); err != nil || c.GlueDatabaseName != "d" {
		t.Errorf("a name that is given is not taken: %+v, %v", c, err)
	}
	if _, err := load(map[string]any{"stackName": "a_b"}, nil, nil); err == nil || strings.Contains(err.Error(), "glueDatabaseName") {
		t.Errorf("a stack's name that is refused gives %v, want one problem", err)
	}
}

func TestPrecedence(t *testing.T) {
	type values = map[string]any
	flag, file := values{"prefix": "flag/"}, values{"prefix": "file/"}
	env, dotEnv := environment{"PREFIX": "env/"}, environment{"PREFIX": "dot/"}
	for _, c := range []struct {
		name          string
		context, file values
		env, dotEnv   environment
		want          string
	}{
		{"default", nil, nil, nil, nil, "analytics/"},
		{"cdk.json over default", file, file, nil, nil, "file/"},
		{".env over cdk.json", file, file, nil, dotEnv, "dot/"},
		{"environment over .env and cdk.json", file, file, env, dotEnv, "env/"},
		{"-c over environment", flag, nil, env, nil, "flag/"},
		{"-c over all", flag, file, env, dotEnv, "flag/"},
		{"empty variable is unset", file, file, environment{"PREFIX": ""}, environment{"PREFIX": ""}, "file/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := config.Load(config.Sources{
				Context: c.context, File: c.file, Environment: c.env.lookup, DotEnv: c.dotEnv,
			})
			if err != nil {
				t.Fatal(err)
			}
			if got.Prefix != c.want {
				t.Errorf("prefix is %s, want %s", got.Prefix, c.want)
			}
		})
	}
}

func TestAllowed(t *testing.T) {
	for key, values := range map[string][]any{
		"stackName":          {"A", "Metrics-2"},
		"deliveryStreamName": {"a", strings.Repeat("a", 64), "A.b_c-9"},
		"prefix":             {"a/", "a/b.c/d_e/", "errors-not/", "1-2/"},
		"bufferingSize":      {"64", "128", float64(100)},
		"bufferingTime":      {"60", "900", float64(120)},
		"region":             {"eu-central-1", "us-gov-west-1", "ap-southeast-12"},
		"roleName":           {"a", "x+=,.@-_9"},
		"bucketName":         {"abc", strings.Repeat("a", 63), "1-a"},
		"lambdaFunctionName": {"a", "A_b-9"},
		"lambdaTimeout":      {"1", "300"},
		"lambdaMemoryMb":     {"128", "10240", float64(1024)},
		"maxSampleAgeDays":   {"1", "14", "3650", float64(30)},
		"glueDatabaseName":   {"a", "a_9", "_"},
		"glueTableName":      {"a", "samples_2"},
		"logLevel":           {"DEBUG", "info", "Warn", "ERROR"},
		"rawRetentionDays":   {"1", "36500", float64(30)},
		"removalPolicy":      {"retain", "destroy"},
		"errorRetentionDays": {"1", "36500", float64(30)},
		"firstYear":          {"2020", "2100", float64(2024)},
		"expectRecords":      {"true", "false"},
		"edgePolicyName":     {"a", "metrics+edge@x"},
		"readerPolicyName":   {strings.Repeat("r", 128)},
		"replayPolicyName":   {"r"},
		"kmsKeyArn": {
			"arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
			"arn:aws-cn:kms:cn-north-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab",
		},
		"permissionsBoundary":   {"arn:aws:iam::123456789012:policy/Boundary", "arn:aws:iam::aws:policy/PowerUserAccess"},
		"tags":                  {"a=b", "team=core services,cost:centre=4711,empty="},
		"terminationProtection": {"true", "false"},
		"crawlerSchedule":       {"NONE", "cron(0 * * * ? *)", "cron(15 3 ? * MON-FRI *)", "cron(0 1,13 1/2 JAN ? 2026-2030)"},
		"athenaScanLimitGb":     {"1", "10000", float64(5)},
		"alarmEmail":            {"a@b.c", "first.last+tag@mail.example.org"},
		"alertEmail":            {"a@b.c"},
		"alerts":                {"on", "off"},
		"alertsEvery":           {"1", "60", float64(15)},
		"alertTopicName":        {"a", strings.Repeat("A", 256), "problems_of-hosts"},
		"dashboardUrl":          {"https://metrics.example.org", "http://10.0.0.1:8080/", "https://m.example.org/a/b-c_d~/"},
		"edgeRoles":             {"none", "ec2", "hybrid", "both"},
		"quickSightPrincipalArn": {
			"arn:aws:quicksight:us-east-1:123456789012:user/default/alice",
			"arn:aws-us-gov:quicksight:us-gov-west-1:123456789012:group/my-space/metrics readers",
			"arn:aws-cn:quicksight:cn-north-1:123456789012:user/default/Admin/alice@example.org",
		},
	} {
		for _, v := range values {
			if _, err := load(map[string]any{key: v}, nil, nil); err != nil {
				t.Errorf("%v", err)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	for key, values := range map[string][]any{
		"stackName":          {"", "9a", "a_b", strings.Repeat("a", 101)},
		"deliveryStreamName": {"", "a b", strings.Repeat("a", 65), "é"},
		"prefix": {
			"", "/", "a", "/a/", "a//", "a/!{timestamp:yyyy}/", "errors/", "errors/a/", "replayed/b/", "athena-results/b/", "alerts/", "a b/", "_a/", ".a/", "a/_b/",
			strings.Repeat("a", 256) + "/", true, nil,
			[]any{"a/"},
		},
		"bufferingSize":      {"", "63", "129", "64.5", "64MB", "-64", "0064", " 64", float64(5), float64(64.5), true},
		"bufferingTime":      {"59", "901", "60s", "1e2"},
		"region":             {"", "frankfurt", "EU-CENTRAL-1", "eu-central-1a"},
		"roleName":           {"a b", strings.Repeat("a", 65), "a/b"},
		"bucketName":         {"ab", "A-b", "a.b.c", "-ab", "ab-", strings.Repeat("a", 64), "xn--abc", "abc-s3alias", "a_b"},
		"lambdaFunctionName": {"a.b", strings.Repeat("a", 65)},
		"lambdaTimeout":      {"0", "301", "-1"},
		"lambdaMemoryMb":     {"127", "10241"},
		"maxSampleAgeDays":   {"0", "3651", "1.5", "14d", ""},
		"glueDatabaseName":   {"Metrics", "a-b", strings.Repeat("a", 256)},
		"glueTableName":      {"", "samples;"},
		"logLevel":           {"WARNING", "", "TRACE"},
		"rawRetentionDays":   {"0", "-1", "36501", ""},
		"removalPolicy":      {"delete", "RETAIN", ""},
		"errorRetentionDays": {"0", "36501", "", "forever"},
		"firstYear":          {"2019", "2101", "26", ""},
		"expectRecords":      {"", "yes", "True", true},
		"edgePolicyName":     {"", "a b", "a/b", strings.Repeat("a", 129)},
		"readerPolicyName":   {"", "a*"},
		"replayPolicyName":   {"", "a b"},
		"kmsKeyArn":          {"", "alias/aws/s3", "arn:aws:kms:eu-central-1:123456789012:alias/mine", "1234abcd-12ab-34cd-56ef-1234567890ab"},
		"permissionsBoundary": {
			"", "Boundary", "arn:aws:iam::123456789012:role/Boundary", "arn:aws:iam::123456789012:policy/",
		},
		"tags": {
			"", "a", "a=b,", "=b", "a=b,a=c", "aws:a=b", "a=b;c=d", "a=<b>", strings.Repeat("a", 129) + "=b",
			"a=" + strings.Repeat("b", 257), manyTags(41),
		},
		"terminationProtection": {"", "on", true},
		"crawlerSchedule": {
			"", "none", "hourly", "0 * * * ? *", "cron(0 * * * *)", "cron(0 * * * * *)", "cron(0 * ? * ? *)", "rate(1 hour)",
			"cron(0 * * * ? *) ", "cron(a * * * ? *)",
		},
		"athenaScanLimitGb": {"0", "10001", "1.5", ""},
		"alarmEmail":        {"", "nobody", "a@b", "a@b.c,d@e.f", "a b@c.d"},
		"alertEmail":        {"", "nobody", "a@b.c,d@e.f"},
		"alerts":            {"", "true", "On", true},
		"alertsEvery":       {"", "0", "61", "5m", "1.5"},
		"alertTopicName":    {"", "a b", "a.fifo", strings.Repeat("a", 257)},
		"dashboardUrl":      {"", "metrics.example.org", "ftp://a", "https://", "https://a b/", "https://a/?x=y", "https://a/#x", "https://u:p@a/", "https://a/\"<>"},
		"edgeRoles":         {"", "EC2", "all", true},
		"quickSightPrincipalArn": {
			"", "alice", "arn:aws:iam::123456789012:user/alice", "arn:aws:quicksight::123456789012:user/default/alice",
			"arn:aws:quicksight:us-east-1:1234:user/default/alice", "arn:aws:quicksight:us-east-1:123456789012:user/alice",
			"arn:aws:quicksight:us-east-1:123456789012:namespace/default", "arn:aws:quicksight:us-east-1:123456789012:user/default/",
			"arn:aws:quicksight:us-east-1:123456789012:user/default/a ", "arn:aws:quicksight:us-east-1:123456789012:dashboard/default/a",
		},
	} {
		for _, v := range values {
			if _, err := load(map[string]any{key: v}, nil, nil); err == nil {
				t.Errorf("%s=%v is taken", key, v)
			} else if strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "context key "+key+": ") {
				t.Errorf("%s=%v: not one line that names the key: %q", key, v, err)
			}
		}
	}
}

// manyTags returns n tags.
func manyTags(n int) string {
	var pairs []string
	for i := range n {
		pairs = append(pairs, fmt.Sprintf("tag%d=", i))
	}
	return strings.Join(pairs, ",")
}

// One error holds all problems, each with its source, the value, what is allowed and why.
func TestEveryProblemIsNamed(t *testing.T) {
	file := map[string]any{"lambdaTimeout": float64(900)}
	context := map[string]any{"lambdaTimeout": float64(900), "glueTableName": "Samples"}
	_, err := load(context, file, environment{
		"BUFFERING_SIZE": "5", "LAMBDA_RUNTIME": "python3.12", "LAMBDA_HANDLER": "app.handler",
	})
	if err == nil {
		t.Fatal("the configuration is taken")
	}
	const old = "the transform is a Go program that the app builds itself; an .env of the Python version does not apply"
	want := []string{
		`environment variable BUFFERING_SIZE: "5" is not allowed; want 64-128 (MiB): ` +
			`Firehose refuses less than 64 MiB with dynamic partitioning and Parquet conversion on`,
		`cdk.json key lambdaTimeout: "900" is not allowed; want 1-300 (seconds): Firehose waits 5 minutes for a transformation`,
		`environment variable LAMBDA_RUNTIME: "python3.12" is not allowed; want provided.al2023, or unset: ` + old,
		`environment variable LAMBDA_HANDLER: "app.handler" is not allowed; want bootstrap, or unset: ` + old,
		`context key glueTableName: "Samples" is not allowed; want 1-252 of a-z 0-9 _: ` +
			`Athena and Firehose write it in lower case, and other characters must be quoted in each query, and Glue takes 255 for a rollup's table`,
	}
	if got := strings.Split(err.Error(), "\n"); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// An address for alerts switches them on, unless the setting says otherwise.
func TestAlertsFollowTheAddress(t *testing.T) {
	for _, c := range []struct {
		context map[string]any
		want    bool
	}{
		{nil, false},
		{map[string]any{"alertEmail": "a@b.c"}, true},
		{map[string]any{"alerts": "on"}, true},
		{map[string]any{"alertEmail": "a@b.c", "alerts": "off"}, false},
	} {
		if got, err := load(c.context, nil, nil); err != nil || got.Alerts != c.want {
			t.Errorf("%v: alerts are on: %v, want %v; %v", c.context, got.Alerts, c.want, err)
		}
	}
}

func TestEnvironmentNames(t *testing.T) {
	got, err := load(nil, nil, environment{
		"DELIVERY_STREAM_NAME": "s", "PREFIX": "p/", "BUFFERING_SIZE": "65", "BUFFERING_TIME": "61", "REGION_NAME": "eu-west-1",
		"ROLE_NAME": "r", "BUCKET_NAME": "bbb", "LAMBDA_FUNCTION_NAME": "f", "LAMBDA_TIMEOUT": "2", "LAMBDA_MEMORY_MB": "129",
		"MAX_SAMPLE_AGE_DAYS": "15",
		"LAMBDA_RUNTIME":      "provided.al2023", "LAMBDA_HANDLER": "bootstrap", "GLUE_DATABASE_NAME": "d",
		"GLUE_TABLE_NAME": "t", "LOG_LEVEL": "warn", "RAW_RETENTION_DAYS": "3", "REMOVAL_POLICY": "destroy",
		"CRAWLER_SCHEDULE": "cron(0 * * * ? *)", "FIRST_YEAR": "2024", "ERROR_RETENTION_DAYS": "2", "EXPECT_RECORDS": "true",
		"EDGE_POLICY_NAME": "e", "READER_POLICY_NAME": "q", "REPLAY_POLICY_NAME": "p", "KMS_KEY_ARN": "arn:aws:kms:eu-west-1:123456789012:key/k",
		"PERMISSIONS_BOUNDARY": "arn:aws:iam::123456789012:policy/b", "TAGS": "a=b,c=d", "TERMINATION_PROTECTION": "true",
		"ATHENA_SCAN_LIMIT_GB": "7", "ALARM_EMAIL": "o@example.org", "EDGE_ROLES": "both",
		"ALERTS": "on", "ALERT_EMAIL": "p@example.org", "ALERTS_EVERY": "7", "ALERT_TOPIC_NAME": "n", "DASHBOARD_URL": "https://m.example.org",
		"QUICKSIGHT_PRINCIPAL_ARN": "arn:aws:quicksight:us-east-1:123456789012:group/default/all",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := config.Config{
		StackName: "MetricsDashboard", Region: "eu-west-1", LogLevel: "WARN", BucketName: "bbb", Prefix: "p/",
		RawRetention: 72 * time.Hour, ErrorRetention: 48 * time.Hour, CrawlerSchedule: "cron(0 * * * ? *)", FirstYear: 2024,
		ExpectRecords: true, EdgePolicyName: "e", ReaderPolicyName: "q", ReplayPolicyName: "p", KMSKeyARN: "arn:aws:kms:eu-west-1:123456789012:key/k",
		PermissionsBoundary: "arn:aws:iam::123456789012:policy/b", Tags: map[string]string{"a": "b", "c": "d"},
		TerminationProtection: true, DestroyData: true, GlueDatabaseName: "d", GlueTableName: "t",
		DeliveryStreamName: "s", RoleName: "r", BufferingMiB: 65, BufferingTime: 61 * time.Second,
		LambdaFunctionName: "f", LambdaTimeout: 2 * time.Second, LambdaMemoryMiB: 129, MaxSampleAge: 15 * 24 * time.Hour, AthenaScanLimitGiB: 7,
		AlarmEmail: "o@example.org", EC2Role: true, HybridRole: true,
		Alerts: true, AlertEmail: "p@example.org", AlertsEvery: 7 * time.Minute, AlertTopicName: "n", DashboardURL: "https://m.example.org",
		QuickSightPrincipalARN: "arn:aws:quicksight:us-east-1:123456789012:group/default/all",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

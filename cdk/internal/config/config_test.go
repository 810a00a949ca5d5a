package config_test

import (
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
		StackName: "MetricsDashboard", LogLevel: "INFO", Prefix: "analytics/", GlueDatabaseName: "metrics",
		GlueTableName: "samples", CrawlerSchedule: "cron(15 0 * * ? *)", AthenaScanLimitGiB: 10, BufferingMiB: 64, BufferingTime: 300 * time.Second, LambdaTimeout: 60 * time.Second,
		LambdaMemoryMiB: 256, MaxSampleAge: 14 * 24 * time.Hour,
	}
	if got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
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
		"crawlerSchedule":    {"NONE", "cron(0 * * * ? *)", "cron(15 3 ? * MON-FRI *)", "cron(0 1,13 1/2 JAN ? 2026-2030)"},
		"athenaScanLimitGb":  {"1", "10000", float64(5)},
		"alarmEmail":         {"a@b.c", "first.last+tag@mail.example.org"},
		"edgeRoles":          {"none", "ec2", "hybrid", "both"},
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
		"stackName":          {"", "9a", "a_b", strings.Repeat("a", 129)},
		"deliveryStreamName": {"", "a b", strings.Repeat("a", 65), "é"},
		"prefix": {
			"", "/", "a", "/a/", "a//", "a/!{timestamp:yyyy}/", "errors/", "errors/a/", "athena-results/b/", "a b/", "_a/", ".a/", "a/_b/",
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
		"crawlerSchedule": {
			"", "none", "hourly", "0 * * * ? *", "cron(0 * * * *)", "cron(0 * * * * *)", "cron(0 * ? * ? *)", "rate(1 hour)",
			"cron(0 * * * ? *) ", "cron(a * * * ? *)",
		},
		"athenaScanLimitGb": {"0", "10001", "1.5", ""},
		"alarmEmail":        {"", "nobody", "a@b", "a@b.c,d@e.f", "a b@c.d"},
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

// All problems stand in one error, each with where it was set, the value, what is allowed and why.
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
		`context key glueTableName: "Samples" is not allowed; want 1-255 of a-z 0-9 _: ` +
			`Athena and Firehose write it in lower case, and another character needs quoting in each query`,
	}
	if got := strings.Split(err.Error(), "\n"); strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestEnvironmentNames(t *testing.T) {
	got, err := load(nil, nil, environment{
		"DELIVERY_STREAM_NAME": "s", "PREFIX": "p/", "BUFFERING_SIZE": "65", "BUFFERING_TIME": "61", "REGION_NAME": "eu-west-1",
		"ROLE_NAME": "r", "BUCKET_NAME": "bbb", "LAMBDA_FUNCTION_NAME": "f", "LAMBDA_TIMEOUT": "2", "LAMBDA_MEMORY_MB": "129",
		"MAX_SAMPLE_AGE_DAYS": "15",
		"LAMBDA_RUNTIME":      "provided.al2023", "LAMBDA_HANDLER": "bootstrap", "GLUE_DATABASE_NAME": "d",
		"GLUE_TABLE_NAME": "t", "LOG_LEVEL": "warn", "RAW_RETENTION_DAYS": "3", "REMOVAL_POLICY": "destroy",
		"CRAWLER_SCHEDULE": "NONE", "ATHENA_SCAN_LIMIT_GB": "7", "ALARM_EMAIL": "o@example.org", "EDGE_ROLES": "both",
		"QUICKSIGHT_PRINCIPAL_ARN": "arn:aws:quicksight:us-east-1:123456789012:group/default/all",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := config.Config{
		StackName: "MetricsDashboard", Region: "eu-west-1", LogLevel: "WARN", BucketName: "bbb", Prefix: "p/",
		RawRetention: 72 * time.Hour, DestroyData: true, GlueDatabaseName: "d", GlueTableName: "t",
		DeliveryStreamName: "s", RoleName: "r", BufferingMiB: 65, BufferingTime: 61 * time.Second,
		LambdaFunctionName: "f", LambdaTimeout: 2 * time.Second, LambdaMemoryMiB: 129, MaxSampleAge: 15 * 24 * time.Hour, AthenaScanLimitGiB: 7,
		AlarmEmail: "o@example.org", EC2Role: true, HybridRole: true,
		QuickSightPrincipalARN: "arn:aws:quicksight:us-east-1:123456789012:group/default/all",
	}
	if got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

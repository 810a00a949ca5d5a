package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// setting declares one setting: its names, its default and what is allowed.
type setting struct {
	key      string // context key; empty: environment only
	env      string // environment variable; empty: context only
	fallback string
	want     string // what is allowed, for people
	why      string // the reason, where it is not plain
	// set checks a value and stores it; false where it is not allowed.
	set func(c *Config, v string) bool
}

func settings() []setting {
	const generated = ""
	return []setting{
		{
			key: "stackName", fallback: "MetricsDashboard",
			want: "1-128 letters, digits and hyphens, a letter first",
			set:  match(`[A-Za-z][A-Za-z0-9-]{0,127}`, func(c *Config) *string { return &c.StackName }),
		},
		{
			key: "deliveryStreamName", env: "DELIVERY_STREAM_NAME", fallback: generated,
			want: "1-64 of A-Z a-z 0-9 _ . -",
			set:  match(`[A-Za-z0-9_.-]{1,64}`, func(c *Config) *string { return &c.DeliveryStreamName }),
		},
		{
			key: "prefix", env: "PREFIX", fallback: "analytics/",
			want: "folders of A-Z a-z 0-9 _ . -, each ending in /, none starting with _ or ., at most 256 characters, no " +
				"expression, not below errors/",
			why: "the partitions are appended to it, Athena ignores folders that start with _ or ., and error objects stay " +
				"outside the table",
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
		only("LAMBDA_RUNTIME", "provided.al2023"),
		only("LAMBDA_HANDLER", "bootstrap"),
		{
			key: "glueDatabaseName", env: "GLUE_DATABASE_NAME", fallback: "metrics",
			want: glueWant, why: glueWhy,
			set: match(gluePattern, func(c *Config) *string { return &c.GlueDatabaseName }),
		},
		{
			key: "glueTableName", env: "GLUE_TABLE_NAME", fallback: "samples",
			want: glueWant, why: glueWhy,
			set: match(gluePattern, func(c *Config) *string { return &c.GlueTableName }),
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
					c.RawRetention = time.Duration(n) * 24 * time.Hour
				})(c, v)
			},
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
	}
}

const (
	gluePattern = `[a-z0-9_]{1,255}`
	glueWant    = "1-255 of a-z 0-9 _"
	glueWhy     = "Athena and Firehose write it in lower case, and another character needs quoting in each query"
)

var (
	bucketName   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
	prefixFolder = regexp.MustCompile(`^([A-Za-z0-9-][A-Za-z0-9_.-]*/)+$`)
)

func prefixAllowed(v string) bool {
	return prefixFolder.MatchString(v) && len(v) <= 256 && !strings.HasPrefix(v, "errors/")
}

// only declares a variable of the predecessor that has one value left, so that an old .env gets an answer instead of
// being ignored.
func only(env, value string) setting {
	return setting{
		env: env, fallback: value, want: value + ", or unset",
		why: "the transform is a Go program that the app builds itself; an .env of the Python version does not apply",
		set: func(_ *Config, v string) bool { return v == value },
	}
}

// match takes the values that pattern matches as a whole. An unset value is left empty.
func match(pattern string, field func(*Config) *string) func(*Config, string) bool {
	whole := regexp.MustCompile(`^(?:` + pattern + `)$`)
	return func(c *Config, v string) bool {
		*field(c) = v
		return v == "" || whole.MatchString(v)
	}
}

// number takes whole numbers from low to high.
func number(low, high int, store func(*Config, int)) func(*Config, string) bool {
	return func(c *Config, v string) bool {
		n, err := strconv.Atoi(v)
		if err != nil || n < low || n > high || strconv.Itoa(n) != v {
			return false
		}
		store(c, n)
		return true
	}
}

// apply checks the value that was found and stores it.
func (s setting) apply(c *Config, v value) error {
	given := text(v.raw)
	// Only a default may be empty: a key that is given with nothing in it is a mistake.
	if plain(v.raw) && (given != "" || v.unset) && s.set(c, given) {
		return nil
	}
	problem := fmt.Errorf("%s: %q is not allowed; want %s", v.source, given, s.want)
	if s.why != "" {
		problem = fmt.Errorf("%w: %s", problem, s.why)
	}
	return problem
}

// plain says whether a context value is one that a setting can have: text, or a number as cdk.json may give it.
func plain(raw any) bool {
	switch raw.(type) {
	case string, float64:
		return true
	}
	return false
}

func text(raw any) string {
	if n, ok := raw.(float64); ok {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return fmt.Sprint(raw)
}

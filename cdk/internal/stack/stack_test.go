package stack_test

import (
	"strings"
	"testing"
)

// An id that changes makes CloudFormation replace what holds data, or what machines send to.
func TestLogicalIDsAreStable(t *testing.T) {
	template := synthesized(t)
	for kind, id := range map[string]string{
		"AWS::S3::Bucket":                      "Bucket83908E77",
		"AWS::KinesisFirehose::DeliveryStream": "Stream",
		"AWS::Glue::Table":                     "Table4C2D914F",
		"AWS::Glue::Database":                  "DatabaseB269D8BB",
		"AWS::Lambda::Function":                "TransformC0C45E96",
		"AWS::IAM::ManagedPolicy":              "EdgePolicyC7233247",
	} {
		check(t, kind, one(t, template, kind).id, id)
	}
}

// Other tools than the CDK CLI can deploy the template, and the local stack can read it.
func TestTemplateIsSelfContained(t *testing.T) {
	template := synthesized(t)
	for _, section := range []string{"Parameters", "Rules", "Conditions", "Mappings", "Transform"} {
		if v, ok := template[section]; ok {
			t.Errorf("the template has %s: %v", section, v)
		}
	}
	for _, kind := range []string{"AWS::CDK::Metadata", "Custom::S3AutoDeleteObjects"} {
		if n := len(ofType(t, template, kind)); n != 0 {
			t.Errorf("the template has %d of %s", n, kind)
		}
	}
}

func TestEverySettingReachesTheTemplate(t *testing.T) {
	requireNode(t)
	template := synthesize(map[string]any{
		"stackName": "Other", "region": "eu-central-1", "deliveryStreamName": "in", "prefix": "a/b/", "bufferingSize": "128",
		"bufferingTime": "60", "roleName": "deliver", "bucketName": "the-lake", "lambdaFunctionName": "enrich",
		"lambdaTimeout": "300", "lambdaMemoryMb": "512", "glueDatabaseName": "d", "glueTableName": "s", "logLevel": "debug",
		"rawRetentionDays": "30", "removalPolicy": "destroy",
	})
	stream := one(t, template, "AWS::KinesisFirehose::DeliveryStream")
	d := at(t, stream.properties, "ExtendedS3DestinationConfiguration")
	check(t, "stream name", stream.properties["DeliveryStreamName"], "in")
	check(t, "size", at(t, d, "BufferingHints", "SizeInMBs"), 128)
	check(t, "interval", at(t, d, "BufferingHints", "IntervalInSeconds"), 60)
	if prefix := at(t, d, "Prefix").(string); !strings.HasPrefix(prefix, "a/b/year=!{") {
		t.Errorf("prefix is %s", prefix)
	}

	table := one(t, template, "AWS::Glue::Table")
	check(t, "location", at(t, table.properties, "TableInput", "StorageDescriptor", "Location"), "s3://${Bucket83908E77}/a/b/")
	check(t, "table", at(t, table.properties, "TableInput", "Name"), "s")
	database := one(t, template, "AWS::Glue::Database")
	check(t, "database", at(t, database.properties, "DatabaseInput", "Name"), "d")

	bucket := one(t, template, "AWS::S3::Bucket")
	check(t, "bucket name", bucket.properties["BucketName"], "the-lake")
	check(t, "deletion", bucket.body["DeletionPolicy"], "Delete")
	check(t, "emptying", len(ofType(t, template, "Custom::S3AutoDeleteObjects")), 1)
	expiry := at(t, bucket.properties, "LifecycleConfiguration", "Rules", 1)
	check(t, "expiry", at(t, expiry, "ExpirationInDays"), 30)
	check(t, "expiring prefix", at(t, expiry, "Prefix"), "a/b/")

	for _, f := range ofType(t, template, "AWS::Lambda::Function") {
		if f.id != "TransformC0C45E96" {
			continue
		}
		check(t, "function", f.properties["FunctionName"], "enrich")
		check(t, "timeout", f.properties["Timeout"], 300)
		check(t, "memory", f.properties["MemorySize"], 512)
		check(t, "log level", at(t, f.properties, "Environment", "Variables", "LOG_LEVEL"), "DEBUG")
	}
	named := false
	for _, r := range ofType(t, template, "AWS::IAM::Role") {
		named = named || r.id == "DeliveryRole2A8B8F29" && r.properties["RoleName"] == "deliver"
	}
	check(t, "role is named", named, true)

	for _, p := range ofType(t, template, "AWS::SSM::Parameter") {
		if name := p.properties["Name"].(string); !strings.HasPrefix(name, "/metrics-dashboard/Other/") {
			t.Errorf("parameter %s is outside the stack's path", name)
		}
		if strings.HasSuffix(p.id, "RegionParameter") {
			check(t, "region", p.properties["Value"], "eu-central-1")
		}
	}
}

package stack_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// These ids must not change: CloudFormation would replace resources that hold data, that machines send to, or that people refer to.
func TestLogicalIDsAreStable(t *testing.T) {
	eachVariant(t, func(t *testing.T, _ string, template map[string]any) {
		for id, kind := range map[string]string{
			"Bucket83908E77":       "AWS::S3::Bucket",
			"Stream":               "AWS::KinesisFirehose::DeliveryStream",
			"Table4C2D914F":        "AWS::Glue::Table",
			"DatabaseB269D8BB":     "AWS::Glue::Database",
			"TransformC0C45E96":    "AWS::Lambda::Function",
			"DeliveryRole2A8B8F29": "AWS::IAM::Role",
			"EdgePolicyC7233247":   "AWS::IAM::ManagedPolicy",
			"WorkGroup":            "AWS::Athena::WorkGroup",
			"Alarms04B5A0BF":       "AWS::SNS::Topic",
		} {
			check(t, id, at(t, template, "Resources", id, "Type"), kind)
		}
	})
}

// If the stack is deleted, only the bucket and what is in it stay, unless the configuration says otherwise.
func TestWhatIsRetained(t *testing.T) {
	eachVariant(t, func(t *testing.T, name string, template map[string]any) {
		for id, body := range at(t, template, "Resources").(map[string]any) {
			body := body.(map[string]any)
			want := any("Delete")
			if body["Type"] == "AWS::S3::Bucket" && name != "everything" {
				want = "Retain"
			}
			if v, ok := body["UpdateReplacePolicy"]; (ok || want == "Retain") && v != want {
				t.Errorf("%s has UpdateReplacePolicy %v, want %v", id, v, want)
			}
			if want == "Retain" { // if the creation fails, the empty bucket is deleted: it would make the next creation fail
				want = "RetainExceptOnCreate"
			}
			if v, ok := body["DeletionPolicy"]; (ok || want != "Delete") && v != want {
				t.Errorf("%s has DeletionPolicy %v, want %v", id, v, want)
			}
		}
	})
}

// names lists the properties whose value can be the name of only one resource in an account and region. The elements are a path to
// the property.
var names = map[string][]any{
	"AWS::S3::Bucket": {"BucketName"}, "AWS::KinesisFirehose::DeliveryStream": {"DeliveryStreamName"},
	"AWS::Lambda::Function": {"FunctionName"}, "AWS::IAM::Role": {"RoleName"}, "AWS::IAM::ManagedPolicy": {"ManagedPolicyName"},
	"AWS::IAM::InstanceProfile": {"InstanceProfileName"}, "AWS::Logs::LogGroup": {"LogGroupName"},
	"AWS::Glue::Database": {"DatabaseInput", "Name"}, "AWS::Glue::Crawler": {"Name"}, "AWS::Athena::WorkGroup": {"Name"},
	"AWS::SSM::Parameter": {"Name"}, "AWS::SNS::Topic": {"TopicName"}, "AWS::Events::Rule": {"Name"},
	"AWS::CloudWatch::Alarm": {"AlarmName"}, "AWS::CloudWatch::Dashboard": {"DashboardName"},
	"AWS::Logs::MetricFilter": {"MetricTransformations", 0, "MetricNamespace"},
}

// Two stacks in one account and region that differ only in the stack's name have no resource name in common.
func TestStacksShareNoName(t *testing.T) {
	of := func(template map[string]any) map[string]string {
		found := map[string]string{}
		for kind, path := range names {
			for _, r := range ofType(t, template, kind) {
				if _, ok := r.properties[path[0].(string)]; ok {
					found[kind+" "+show(at(t, r.properties, path...))] = r.id
				}
			}
		}
		return found
	}
	first, second := of(synthesized(t)), of(templateOf(t, "platform"))
	if len(first) < 10 {
		t.Errorf("only %v are named", first)
	}
	for name, id := range first {
		if other, taken := second[name]; taken {
			t.Errorf("%s and another stack's %s are both %s", id, other, name)
		}
	}
}

// The settings of a platform team apply to all resources: the key, the boundary, the tags.
func TestPlatform(t *testing.T) {
	template := templateOf(t, "platform")
	encryption := at(t, one(t, template, "AWS::S3::Bucket").properties, "BucketEncryption", "ServerSideEncryptionConfiguration", 0)
	check(t, "bucket", at(t, encryption, "ServerSideEncryptionByDefault"), "map[KMSMasterKeyID:"+keyARN+" SSEAlgorithm:aws:kms]")
	check(t, "requests to the key", at(t, encryption, "BucketKeyEnabled"), true)
	stream := one(t, template, "AWS::KinesisFirehose::DeliveryStream")
	check(t, "stream", stream.properties["DeliveryStreamEncryptionConfigurationInput"],
		"map[KeyARN:"+keyARN+" KeyType:CUSTOMER_MANAGED_CMK]")
	for _, topic := range ofType(t, template, "AWS::SNS::Topic") {
		check(t, topic.id, topic.properties["KmsMasterKeyId"], keyARN)
	}
	check(t, "answers of queries", at(t, called(t, template, "AWS::Athena::WorkGroup", "WorkGroup").properties, "WorkGroupConfiguration",
		"ResultConfiguration", "EncryptionConfiguration"), "map[EncryptionOption:SSE_KMS KmsKey:"+keyARN+"]")
	for _, g := range ofType(t, template, "AWS::Logs::LogGroup") {
		check(t, g.id+": key", g.properties["KmsKeyId"], keyARN)
	}
	for _, r := range ofType(t, template, "AWS::IAM::Role") {
		check(t, r.id+": boundary", r.properties["PermissionsBoundary"], boundaryARN)
	}
	// A role that reads or writes objects may use the key.
	for _, g := range grants(t, template) {
		reads, uses := false, false
		for _, s := range g.statements {
			for _, action := range list(s["Action"]) {
				reads = reads || s["Effect"] == "Allow" && (action == "s3:GetObject" || action == "s3:PutObject")
				uses = uses || action == "kms:Decrypt" && list(s["Resource"])[0] == keyARN
			}
		}
		if reads != uses {
			t.Errorf("%s touches objects: %v, may use their key: %v", g.id, reads, uses)
		}
	}
	tagged := 0
	for id, body := range at(t, template, "Resources").(map[string]any) {
		if tags, ok := at(t, body, "Properties").(map[string]any)["Tags"]; ok {
			if text := fmt.Sprint(tags); !strings.Contains(text, "cost-centre") || !strings.Contains(text, "4711") || !strings.Contains(text, "team") {
				t.Errorf("%s has tags %v", id, tags)
			}
			tagged++
		}
	}
	if tagged < 20 {
		t.Errorf("%d resources are tagged", tagged)
	}
	policies := ofType(t, template, "AWS::IAM::ManagedPolicy")
	check(t, "edge policy", policies[0].properties["ManagedPolicyName"], "metrics-edge")
	check(t, "reader policy", policies[1].properties["ManagedPolicyName"], "metrics-reader")
	if !*stacks()["platform"].TerminationProtection() {
		t.Error("the stack can be deleted")
	}
}

// Firehose cannot switch partitioning on or off for a stream that exists, but CloudFormation would try.
func TestPartitioningCannotBeSwitched(t *testing.T) {
	eachVariant(t, func(t *testing.T, _ string, template map[string]any) {
		s := one(t, template, "AWS::KinesisFirehose::DeliveryStream")
		check(t, "partitioning", at(t, s.properties, "ExtendedS3DestinationConfiguration", "DynamicPartitioningConfiguration"),
			"map[Enabled:true]")
	})
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

// CloudFormation allows 500 resources and a template of 1 MB. The CDK indents the template by one space, but not that of QuickSight, and
// writes < and > as they are.
func TestTemplateIsWithinLimits(t *testing.T) {
	eachTemplate(t, func(t *testing.T, name string, template map[string]any) {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		if name != quickSight {
			encoder.SetIndent("", " ")
		}
		if err := encoder.Encode(template); err != nil {
			t.Fatal(err)
		}
		if resources := len(template["Resources"].(map[string]any)); resources > 400 || text.Len() > 900_000 {
			t.Errorf("the template has %d resources and %d bytes", resources, text.Len())
		}
	})
}

func TestEverySettingReachesTheTemplate(t *testing.T) {
	template := templateOf(t, "everything")
	stream := one(t, template, "AWS::KinesisFirehose::DeliveryStream")
	d := at(t, stream.properties, "ExtendedS3DestinationConfiguration")
	check(t, "stream name", stream.properties["DeliveryStreamName"], "in")
	check(t, "size", at(t, d, "BufferingHints", "SizeInMBs"), 128)
	check(t, "interval", at(t, d, "BufferingHints", "IntervalInSeconds"), 60)
	if prefix := at(t, d, "Prefix").(string); !strings.HasPrefix(prefix, "a/b/year=!{") {
		t.Errorf("prefix is %s", prefix)
	}

	table := called(t, template, "AWS::Glue::Table", "Table")
	check(t, "location", at(t, table.properties, "TableInput", "StorageDescriptor", "Location"), "s3://${Bucket83908E77}/a/b/")
	check(t, "table", at(t, table.properties, "TableInput", "Name"), "s")
	database := one(t, template, "AWS::Glue::Database")
	check(t, "database", at(t, database.properties, "DatabaseInput", "Name"), "d")

	bucket := one(t, template, "AWS::S3::Bucket")
	check(t, "bucket name", bucket.properties["BucketName"], "the-lake")
	check(t, "deletion", bucket.body["DeletionPolicy"], "Delete")
	check(t, "emptying", len(ofType(t, template, "Custom::S3AutoDeleteObjects")), 1)
	failed := at(t, bucket.properties, "LifecycleConfiguration", "Rules", 2)
	check(t, "expiry of failed records", at(t, failed, "ExpirationInDays"), 7)
	check(t, "their prefix", at(t, failed, "Prefix"), "errors/")
	expiry := at(t, bucket.properties, "LifecycleConfiguration", "Rules", 5)
	check(t, "expiry", at(t, expiry, "ExpirationInDays"), 30)
	check(t, "expiring prefix", at(t, expiry, "Prefix"), "a/b/")
	check(t, "expiring rollups", at(t, bucket.properties, "LifecycleConfiguration", "Rules", 6),
		"map[ExpirationInDays:4000 Id:ExpireRollups Prefix:rollup/ Status:Enabled]")

	for _, f := range ofType(t, template, "AWS::Lambda::Function") {
		if f.id != "TransformC0C45E96" {
			continue
		}
		check(t, "function", f.properties["FunctionName"], "enrich")
		check(t, "timeout", f.properties["Timeout"], 300)
		check(t, "memory", f.properties["MemorySize"], 512)
		check(t, "log level", at(t, f.properties, "Environment", "Variables", "LOG_LEVEL"), "DEBUG")
	}
	check(t, "schedule", at(t, one(t, template, "AWS::Glue::Crawler").properties, "Schedule", "ScheduleExpression"),
		"cron(5 * * * ? *)")
	check(t, "scan limit", at(t, called(t, template, "AWS::Athena::WorkGroup", "WorkGroup").properties, "WorkGroupConfiguration",
		"BytesScannedCutoffPerQuery"), float64(1<<30))
	check(t, "alarm address", called(t, template, "AWS::SNS::Subscription", "Alarms").properties["Endpoint"], "operator@example.org")
	check(t, "first year", at(t, table.properties, "TableInput", "Parameters", "projection.year.range"), "2024,NOW")
	check(t, "whom the QuickSight dashboard is for", at(t, one(t, templateOf(t, quickSight), "AWS::QuickSight::Dashboard").properties,
		"Permissions", 0, "Principal"), principal)
	named := false
	for _, r := range ofType(t, template, "AWS::IAM::Role") {
		named = named || r.id == "DeliveryRole2A8B8F29" && r.properties["RoleName"] == "deliver"
	}
	check(t, "role is named", named, true)

	for _, p := range ofType(t, template, "AWS::SSM::Parameter") {
		if name := p.properties["Name"].(string); !strings.HasPrefix(name, "/metrics-dashboard/Everything/") {
			t.Errorf("parameter %s is outside the stack's path", name)
		}
		if strings.HasSuffix(p.id, "RegionParameter") {
			check(t, "region", p.properties["Value"], "eu-central-1")
		}
	}
}

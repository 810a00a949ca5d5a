package stack_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

func TestDeliveryStream(t *testing.T) {
	s := one(t, synthesized(t), "AWS::KinesisFirehose::DeliveryStream")
	check(t, "type", s.properties["DeliveryStreamType"], "DirectPut")
	check(t, "encryption", at(t, s.properties, "DeliveryStreamEncryptionConfigurationInput", "KeyType"), "AWS_OWNED_CMK")
	if name, ok := s.properties["DeliveryStreamName"]; ok {
		t.Errorf("the stream is named %v, want a generated name", name)
	}
	d := at(t, s.properties, "ExtendedS3DestinationConfiguration")
	for _, c := range []struct {
		want any
		path []any
	}{
		{64, []any{"BufferingHints", "SizeInMBs"}},
		{300, []any{"BufferingHints", "IntervalInSeconds"}},
		{true, []any{"DynamicPartitioningConfiguration", "Enabled"}},
		{"UNCOMPRESSED", []any{"CompressionFormat"}},
		{"${DeliveryRole2A8B8F29.Arn}", []any{"RoleARN"}},
		{"${Bucket83908E77.Arn}", []any{"BucketARN"}},
		{true, []any{"CloudWatchLoggingOptions", "Enabled"}},
		{"${DeliveryLogsAB0E43B0}", []any{"CloudWatchLoggingOptions", "LogGroupName"}},
		{"${DeliveryLogStreamDE70F336}", []any{"CloudWatchLoggingOptions", "LogStreamName"}},
	} {
		check(t, show(c.path), at(t, d, c.path...), c.want)
	}
}

func TestPrefixes(t *testing.T) {
	template := synthesized(t)
	d := at(t, one(t, template, "AWS::KinesisFirehose::DeliveryStream").properties, "ExtendedS3DestinationConfiguration")
	prefix, errorPrefix := at(t, d, "Prefix").(string), at(t, d, "ErrorOutputPrefix").(string)
	want := "analytics/"
	for _, key := range record.PartitionKeys() {
		want += key + "=!{partitionKeyFromLambda:" + key + "}/"
	}
	check(t, "prefix", prefix, want)
	check(t, "error prefix", errorPrefix, "errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/")
	if strings.HasPrefix(errorPrefix, "analytics/") {
		t.Error("error objects are part of the table")
	}
	location := at(t, called(t, template, "AWS::Glue::Table", "Table").properties, "TableInput", "StorageDescriptor", "Location")
	check(t, "table location", location, "s3://${Bucket83908E77}/analytics/")
}

func TestTransformIsTheOnlyProcessor(t *testing.T) {
	s := one(t, synthesized(t), "AWS::KinesisFirehose::DeliveryStream")
	p := at(t, s.properties, "ExtendedS3DestinationConfiguration", "ProcessingConfiguration")
	check(t, "enabled", at(t, p, "Enabled"), true)
	processors := at(t, p, "Processors").([]any)
	if len(processors) != 1 {
		t.Fatalf("%d processors, want 1", len(processors))
	}
	check(t, "type", at(t, processors, 0, "Type"), "Lambda")
	got := map[string]string{}
	for _, parameter := range at(t, processors, 0, "Parameters").([]any) {
		got[at(t, parameter, "ParameterName").(string)] = show(at(t, parameter, "ParameterValue"))
	}
	check(t, "parameters", got, map[string]string{
		"LambdaArn": "${TransformC0C45E96.Arn}", "BufferSizeInMBs": "0.2", "BufferIntervalInSeconds": "60",
		"NumberOfRetries": "3",
	})
}

func TestConversionFollowsTheTable(t *testing.T) {
	s := one(t, synthesized(t), "AWS::KinesisFirehose::DeliveryStream")
	c := at(t, s.properties, "ExtendedS3DestinationConfiguration", "DataFormatConversionConfiguration")
	check(t, "enabled", at(t, c, "Enabled"), true)
	check(t, "input", at(t, c, "InputFormatConfiguration", "Deserializer"), "map[OpenXJsonSerDe:map[CaseInsensitive:true]]")
	check(t, "output", at(t, c, "OutputFormatConfiguration", "Serializer"), "map[ParquetSerDe:map[Compression:SNAPPY]]")
	for name, want := range map[string]string{
		"DatabaseName": "${DatabaseB269D8BB}", "TableName": "${Table4C2D914F}", "VersionId": "LATEST",
		"Region": "${AWS::Region}", "RoleARN": "${DeliveryRole2A8B8F29.Arn}",
	} {
		check(t, name, at(t, c, "SchemaConfiguration", name), want)
	}
}

// When the stream is created, Firehose assumes the role and checks what it may use. IAM needs some seconds until a new role works. So the
// order is: role, function, the policy that lets Firehose invoke the function, stream. All other permissions are in the role itself.
func TestStreamIsCreatedLast(t *testing.T) {
	eachVariant(t, func(t *testing.T, _ string, template map[string]any) {
		before := func(id string) []string {
			body := at(t, template, "Resources", id).(map[string]any)
			return append(references(body["Properties"]), list(body["DependsOn"])...)
		}
		for id, needs := range map[string][]string{
			"Stream": {
				"DeliveryPolicyC7FD33D0", "DeliveryRole2A8B8F29", "Table4C2D914F", "DatabaseB269D8BB", "DeliveryLogStreamDE70F336",
				"TransformC0C45E96", "Bucket83908E77",
			},
			"DeliveryPolicyC7FD33D0": {"TransformC0C45E96"},
			"TransformC0C45E96":      {"DeliveryRole2A8B8F29"},
		} {
			for _, need := range needs {
				if !slices.Contains(before(id), need) {
					t.Errorf("%s may be created before %s", id, need)
				}
			}
		}
		for _, g := range grants(t, template) {
			if !slices.Contains(g.of, "DeliveryRole2A8B8F29") {
				continue
			}
			for _, s := range g.statements {
				for _, action := range list(s["Action"]) {
					if late := strings.HasPrefix(g.id, "DeliveryPolicy"); late != strings.HasPrefix(action, "lambda:") {
						t.Errorf("%s comes with %s", action, g.id)
					}
				}
			}
		}
	})
}

// Each role has its permissions from the beginning, except those on resources that need the role first.
func TestLatePoliciesAreFew(t *testing.T) {
	eachTemplate(t, func(t *testing.T, _ string, template map[string]any) {
		for _, p := range ofType(t, template, "AWS::IAM::Policy") {
			if !strings.HasPrefix(p.id, "DeliveryPolicy") && !strings.HasPrefix(p.id, "TransformPutBack") {
				t.Errorf("policy %s comes after its role", p.id)
			}
		}
	})
}

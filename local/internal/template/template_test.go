package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
)

func small(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/small.json")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestReadSmall(t *testing.T) {
	got, err := Read(small(t), Options{StackName: "Fleet"})
	if err != nil {
		t.Fatal(err)
	}
	want := spec.Stack{
		Name: "Fleet", Region: "us-east-1", AccountID: "000000000000",
		Streams: []spec.Stream{{
			Name:                "Fleet-Stream",
			ARN:                 "arn:aws:firehose:us-east-1:000000000000:deliverystream/Fleet-Stream",
			RoleARN:             "arn:aws:iam::000000000000:role/Fleet-DeliveryRole",
			Bucket:              "fleet-lake",
			Prefix:              "analytics/year=!{partitionKeyFromLambda:year}/month=!{partitionKeyFromLambda:month}/",
			ErrorPrefix:         "errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/",
			FileExtension:       ".parquet",
			Buffering:           spec.Buffering{Bytes: 64 << 20, Interval: 5 * time.Minute},
			DynamicPartitioning: true,
			Lambda: &spec.Processor{
				FunctionARN: "arn:aws:lambda:us-east-1:000000000000:function:Fleet-Transform:$LATEST",
				Handler:     "bootstrap",
				Buffering:   spec.Buffering{Bytes: 209715, Interval: time.Minute},
				Retries:     2, Timeout: time.Minute, MemoryMB: 256,
				Environment: map[string]string{"LOG_LEVEL": "INFO", "BUCKET": "fleet-lake"},
			},
			Table: &spec.Table{
				Database: "metrics", Name: "samples", Location: "s3://fleet-lake/analytics/",
				Columns: []spec.Column{
					{Name: "ts", Type: "double"}, {Name: "hostname", Type: "string"}, {Name: "tags", Type: "map<string,string>"},
				},
				PartitionKeys: []spec.Column{
					{Name: "year", Type: "string"}, {Name: "month", Type: "string"},
				},
			},
		}},
		Parameters: map[string]spec.Parameter{
			"/metrics-dashboard/Fleet/delivery-stream-name": {
				Name: "/metrics-dashboard/Fleet/delivery-stream-name", Type: "String", Value: "Fleet-Stream",
				Description: "Where edges put their records",
			},
			"/metrics-dashboard/Fleet/region": {Name: "/metrics-dashboard/Fleet/region", Type: "String", Value: "us-east-1"},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("have\n%s\nwant\n%s", pretty(t, got), pretty(t, want))
	}
	elsewhere, err := Read(small(t), Options{Region: "eu-west-1"})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(elsewhere.Parameters); n != 1 {
		t.Errorf("%d parameters, want 1: the condition of the other is false", n)
	}
}

func pretty(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestReadDefault(t *testing.T) {
	s, err := Read(Default(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Streams) != 1 || s.Streams[0].Lambda == nil || s.Streams[0].Table == nil || len(s.Parameters) == 0 {
		t.Errorf("the built-in template gives %s", pretty(t, s))
	}
}

// TestReadVariants reads the committed templates of other configurations. A parameter of each shows that it was read.
func TestReadVariants(t *testing.T) {
	for file, want := range map[string]map[string]string{
		"everything.json": {"/metrics-dashboard/Everything/delivery-stream-name": "in"},
		"minimal.json":    {"/metrics-dashboard/M/prefix": "analytics/"},
		"platform.json": {
			"/metrics-dashboard/Platform-Metrics/edge-policy-arn": "arn:aws:iam::000000000000:policy/metrics-edge",
		},
	} {
		data, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Read(data, Options{StackName: "Read", Region: "eu-central-1"})
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if len(s.Streams) != 1 || s.Streams[0].Table == nil || s.Streams[0].Lambda == nil {
			t.Errorf("%s gives %s", file, pretty(t, s))
		}
		for name, value := range want {
			if got := s.Parameters[name].Value; got != value {
				t.Errorf("%s: parameter %s is %q, want %q", file, name, got, value)
			}
		}
	}
}

// TestIntrinsics resolves one value in a template of parameters, conditions, mappings and resources.
func TestIntrinsics(t *testing.T) {
	tests := []struct{ name, value, want, problem string }{
		{name: "literal", value: `"x"`, want: "x"},
		{name: "number", value: `1.5`, want: "1.5"},
		{name: "boolean", value: `true`, want: "true"},
		{name: "ref of a parameter", value: `{"Ref":"P"}`, want: "p"},
		{name: "ref of a given parameter", value: `{"Ref":"Given"}`, want: "given"},
		{name: "ref of a bucket", value: `{"Ref":"Bucket"}`, want: "s-bucket"},
		{name: "ref of a named bucket", value: `{"Ref":"Named"}`, want: "my-bucket"},
		{name: "ref of another resource", value: `{"Ref":"Group"}`, want: "S-Group"},
		{name: "region", value: `{"Ref":"AWS::Region"}`, want: "us-east-1"},
		{name: "account", value: `{"Ref":"AWS::AccountId"}`, want: "000000000000"},
		{name: "partition", value: `{"Ref":"AWS::Partition"}`, want: "aws"},
		{name: "stack", value: `{"Ref":"AWS::StackName"}`, want: "S"},
		{name: "suffix", value: `{"Ref":"AWS::URLSuffix"}`, want: "amazonaws.com"},
		{
			name: "stack id", value: `{"Ref":"AWS::StackId"}`,
			want: "arn:aws:cloudformation:us-east-1:000000000000:stack/S/00000000-0000-0000-0000-000000000000",
		},
		{name: "attribute", value: `{"Fn::GetAtt":["Bucket","Arn"]}`, want: "arn:aws:s3:::s-bucket"},
		{name: "attribute in one", value: `{"Fn::GetAtt":"Function.Arn"}`, want: "arn:aws:lambda:us-east-1:000000000000:function:S-Function"},
		{name: "role", value: `{"Fn::GetAtt":["Role","Arn"]}`, want: "arn:aws:iam::000000000000:role/S-Role"},
		{name: "topic", value: `{"Ref":"Topic"}`, want: "arn:aws:sns:us-east-1:000000000000:S-Topic"},
		{name: "join", value: `{"Fn::Join":["-",["a",{"Ref":"P"},{"Ref":"AWS::NoValue"},3]]}`, want: "a-p-3"},
		{name: "join of a split", value: `{"Fn::Join":["+",{"Fn::Split":[",","a,b"]}]}`, want: "a+b"},
		{name: "join of a list parameter", value: `{"Fn::Join":["+",{"Ref":"List"}]}`, want: "a+b"},
		{name: "sub", value: `{"Fn::Sub":"${P}/${AWS::Region}/${Bucket.Arn}/${!Literal}/!{timestamp:HH}"}`, want: "p/us-east-1/arn:aws:s3:::s-bucket/${Literal}/!{timestamp:HH}"},
		{name: "sub with variables", value: `{"Fn::Sub":["${V}-${P}",{"V":{"Ref":"Bucket"}}]}`, want: "s-bucket-p"},
		{name: "select", value: `{"Fn::Select":[1,["a","b"]]}`, want: "b"},
		{name: "select of a split", value: `{"Fn::Select":["5",{"Fn::Split":[":",{"Fn::GetAtt":["Bucket","Arn"]}]}]}`, want: "s-bucket"},
		{name: "if", value: `{"Fn::If":["Yes","then","else"]}`, want: "then"},
		{name: "if not", value: `{"Fn::If":["No","then","else"]}`, want: "else"},
		{name: "map", value: `{"Fn::FindInMap":["Map",{"Ref":"AWS::Region"},"Key"]}`, want: "mapped"},

		{name: "import", value: `{"Fn::ImportValue":"x"}`, problem: "Resources.X.Properties.Value: the local stack does not know Fn::ImportValue"},
		{name: "transform", value: `{"Fn::Transform":{}}`, problem: "the local stack does not know Fn::Transform"},
		{name: "base64 inside", value: `{"Fn::Join":["",["a",{"Fn::Base64":"x"}]]}`, problem: "Resources.X.Properties.Value.Fn::Join[1][1]: the local stack does not know Fn::Base64"},
		{name: "unknown ref", value: `{"Ref":"Nobody"}`, problem: `Resources.X.Properties.Value: Ref of "Nobody": the template does not have`},
		{name: "unknown in sub", value: `{"Fn::Sub":"a${Nobody}"}`, problem: `Ref of "Nobody"`},
		{name: "unknown attribute", value: `{"Fn::GetAtt":["Bucket","Color"]}`, problem: "does not know the attribute Color of AWS::S3::Bucket"},
		{name: "attribute of nothing", value: `{"Fn::GetAtt":["Nobody","Arn"]}`, problem: `Fn::GetAtt of "Nobody"`},
		{name: "attribute of one", value: `{"Fn::GetAtt":["Bucket"]}`, problem: "Resources.X.Properties.Value.Fn::GetAtt: want"},
		{name: "join of three", value: `{"Fn::Join":["a",["b"],"c"]}`, problem: "Fn::Join: want"},
		{name: "index", value: `{"Fn::Select":[2,["a","b"]]}`, problem: `index "2" of a list of 2`},
		{name: "condition", value: `{"Fn::If":["Nobody",1,2]}`, problem: `condition "Nobody" is not in Conditions`},
		{name: "cyclic condition", value: `{"Fn::If":["Cyclic",1,2]}`, problem: "condition Cyclic refers to itself"},
		{name: "condition outside", value: `{"Fn::Equals":[1,1]}`, problem: "Fn::Equals is allowed only in Conditions"},
		{name: "map without", value: `{"Fn::FindInMap":["Map","eu-west-1","Key"]}`, problem: `Mappings do not have the key "eu-west-1"`},
		{name: "self", value: `{"Ref":"Self"}`, problem: "Ref of Self refers to itself"},
		{name: "no default", value: `{"Ref":"Required"}`, problem: "parameter Required does not have a default; give its value with --parameter Required=<value>"},
		{name: "from ssm", value: `{"Ref":"Version"}`, problem: "the value of parameter Version is in SSM"},
		{name: "object", value: `{"a":1,"b":2}`, problem: "want a string, have an object"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			template := `{
				"Parameters": {
					"P": {"Type": "String", "Default": "p"}, "Given": {"Type": "String"}, "Required": {"Type": "String"},
					"List": {"Type": "CommaDelimitedList", "Default": "a, b"},
					"Version": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/x"}
				},
				"Mappings": {"Map": {"us-east-1": {"Key": "mapped"}}},
				"Conditions": {
					"Yes": {"Fn::And": [{"Fn::Equals": [{"Ref": "P"}, "p"]}, {"Fn::Not": [{"Condition": "No"}]}]},
					"No": {"Fn::Or": [{"Fn::Equals": ["a", "b"]}, {"Fn::Equals": ["c", "d"]}]},
					"Cyclic": {"Fn::Not": [{"Condition": "Cyclic"}]}
				},
				"Resources": {
					"Bucket": {"Type": "AWS::S3::Bucket"},
					"Named": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "my-bucket"}},
					"Self": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "Self"}}},
					"Function": {"Type": "AWS::Lambda::Function"}, "Role": {"Type": "AWS::IAM::Role"},
					"Topic": {"Type": "AWS::SNS::Topic"}, "Group": {"Type": "AWS::Logs::LogGroup"},
					"X": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": "x", "Type": "String", "Value": ` + test.value + `}}
				}}`
			var d document
			if err := json.Unmarshal([]byte(template), &d); err != nil {
				t.Fatal(err)
			}
			r := newReader(d, Options{StackName: "S", Parameters: map[string]string{"Given": "given"}}.withDefaults())
			got := r.ssmParameters()["x"].Value
			err := r.err()
			if test.problem == "" && err != nil {
				t.Fatal(err)
			}
			if test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)) {
				t.Fatalf("have error %v, want %q", err, test.problem)
			}
			if got != test.want && test.problem == "" {
				t.Errorf("have %q, want %q", got, test.want)
			}
		})
	}
}

// TestRefusals changes one value of the small template and expects problems only at one path.
func TestRefusals(t *testing.T) {
	const (
		stream      = "Resources.Stream.Properties"
		destination = stream + ".ExtendedS3DestinationConfiguration"
		processor   = destination + ".ProcessingConfiguration.Processors[0]"
		convert     = destination + ".DataFormatConversionConfiguration"
	)
	tests := []struct{ name, at, value, path, reason string }{
		{"kinesis source", stream + ".DeliveryStreamType", `"KinesisStreamAsSource"`, stream + ".DeliveryStreamType", "supports only DirectPut"},
		{"kinesis configuration", stream + ".KinesisStreamSourceConfiguration", `{}`, stream + ".KinesisStreamSourceConfiguration", "does not read from a Kinesis stream"},
		{"other destination", stream + ".SplunkDestinationConfiguration", `{}`, stream + ".SplunkDestinationConfiguration", "the local stack does not support it"},
		{"encryption without a key type", stream + ".DeliveryStreamEncryptionConfigurationInput", `{}`, stream + ".DeliveryStreamEncryptionConfigurationInput.KeyType", "required"},
		{"encryption of another type", stream + ".DeliveryStreamEncryptionConfigurationInput", `{"KeyType":"NONE"}`, stream + ".DeliveryStreamEncryptionConfigurationInput.KeyType", "AWS_OWNED_CMK"},
		{"key of an owned type", stream + ".DeliveryStreamEncryptionConfigurationInput", `{"KeyType":"AWS_OWNED_CMK","KeyARN":"arn:x"}`, stream + ".DeliveryStreamEncryptionConfigurationInput.KeyARN", "does not accept KeyARN"},
		{"customer's key is missing", stream + ".DeliveryStreamEncryptionConfigurationInput", `{"KeyType":"CUSTOMER_MANAGED_CMK"}`, stream + ".DeliveryStreamEncryptionConfigurationInput", "required"},
		{"no destination", destination, `{"Ref":"AWS::NoValue"}`, stream, "ExtendedS3DestinationConfiguration is missing"},
		{"stream name", stream + ".DeliveryStreamName", `"a b"`, stream + ".DeliveryStreamName", "1-64"},
		{"bucket", destination + ".BucketARN", `"lake"`, destination + ".BucketARN", "not an ARN of a bucket"},
		{"bucket above", destination + ".BucketARN", `"arn:aws:s3:::../x"`, destination + ".BucketARN", "not an ARN of a bucket"},
		{"role", destination + ".RoleARN", `null`, destination + ".RoleARN", "required"},
		{"backup", destination + ".S3BackupMode", `"Enabled"`, destination + ".S3BackupMode", "does not back up"},
		{"time zone", destination + ".CustomTimeZone", `"Europe/Berlin"`, destination + ".CustomTimeZone", "supports only UTC"},
		{"unknown property", destination + ".Colour", `1`, destination + ".Colour", "the local stack does not support it"},
		{"small buffer", destination + ".BufferingHints.SizeInMBs", `5`, destination + ".BufferingHints.SizeInMBs", "5 is outside 64 to 128 MiB"},
		{"large buffer", destination + ".BufferingHints.SizeInMBs", `129`, destination + ".BufferingHints.SizeInMBs", "outside"},
		{"half buffer", destination + ".BufferingHints.SizeInMBs", `64.5`, destination + ".BufferingHints.SizeInMBs", "whole number"},
		{"short interval", destination + ".BufferingHints.IntervalInSeconds", `59`, destination + ".BufferingHints.IntervalInSeconds", "59 is outside 60 to 900"},
		{"long interval", destination + ".BufferingHints.IntervalInSeconds", `901`, destination + ".BufferingHints.IntervalInSeconds", "outside"},
		{"one hint", destination + ".BufferingHints", `{"SizeInMBs":64}`, destination + ".BufferingHints", "together"},
		{"compression", destination + ".CompressionFormat", `"GZIP"`, destination + ".CompressionFormat", "UNCOMPRESSED"},
		{"extension", destination + ".FileExtension", `"parquet"`, destination + ".FileExtension", "not a file extension"},
		{"error type in prefix", destination + ".Prefix", `"!{firehose:error-output-type}/!{partitionKeyFromLambda:a}/"`, destination + ".Prefix", "is allowed only in ErrorOutputPrefix"},
		{"query keys", destination + ".Prefix", `"!{partitionKeyFromQuery:a}/"`, destination + ".Prefix", "only partition keys from the Lambda"},
		{"no keys", destination + ".Prefix", `"a/"`, destination + ".Prefix", "at least one"},
		{"unknown namespace", destination + ".Prefix", `"!{partitionKeyFromLambda:a}!{x:y}"`, destination + ".Prefix", "!{x:y}: not an expression"},
		{"open expression", destination + ".Prefix", `"!{partitionKeyFromLambda:a}!{timestamp:"`, destination + ".Prefix", "the closing brace is missing"},
		{"outside prefix", destination + ".Prefix", `"../!{partitionKeyFromLambda:a}"`, destination + ".Prefix", "leads out of the bucket"},
		{"no error prefix", destination + ".ErrorOutputPrefix", `null`, destination + ".ErrorOutputPrefix", "required with dynamic partitioning"},
		{"error prefix without type", destination + ".ErrorOutputPrefix", `"errors/!{timestamp:yyyy}/"`, destination + ".ErrorOutputPrefix", "error-output-type"},
		{"keys in error prefix", destination + ".ErrorOutputPrefix", `"!{firehose:error-output-type}/!{partitionKeyFromLambda:a}"`, destination + ".ErrorOutputPrefix", "partition keys are not allowed"},
		{"keys without partitioning", destination + ".DynamicPartitioningConfiguration.Enabled", `false`, destination + ".Prefix", "need dynamic partitioning"},
		{"retry", destination + ".DynamicPartitioningConfiguration.RetryOptions", `{"DurationInSeconds":7201}`, destination + ".DynamicPartitioningConfiguration.RetryOptions.DurationInSeconds", "outside 0 to 7200"},
		{"jq", processor + ".Type", `"MetadataExtraction"`, processor + ".Type", "supports only Lambda"},
		{"de-aggregation", processor + ".Type", `"RecordDeAggregation"`, processor + ".Type", "supports only Lambda"},
		{"no processors", destination + ".ProcessingConfiguration.Processors", `[]`, destination + ".ProcessingConfiguration", "without a processor"},
		{"tiny processor buffer", processor + ".Parameters[1].ParameterValue", `"0.1"`, processor + ".Parameters[1].ParameterValue", "0.1 is outside 0.2 to 3 MB"},
		{"underscore", processor + ".Parameters[1].ParameterValue", `"1_0"`, processor + ".Parameters[1].ParameterValue", `want a number, have "1_0"`},
		{"no number", processor + ".Parameters[1].ParameterValue", `"many"`, processor + ".Parameters[1].ParameterValue", `want a number, have "many"`},
		{"processor interval", processor + ".Parameters[2].ParameterValue", `"901"`, processor + ".Parameters[2].ParameterValue", "outside 0 to 900"},
		{"parameter", processor + ".Parameters[2].ParameterName", `"Colour"`, processor + ".Parameters[2].ParameterName", "not a parameter of a Lambda processor"},
		{"foreign function", processor + ".Parameters[0].ParameterValue", `"arn:aws:lambda:x:y:function:z"`, processor + ".Parameters[0].ParameterValue", "the template does not have the AWS::Lambda::Function"},
		{"runtime", "Resources.Transform.Properties.Runtime", `"python3.12"`, "Resources.Transform.Properties.Runtime", "provided.al2023"},
		{"timeout", "Resources.Transform.Properties.Timeout", `901`, "Resources.Transform.Properties.Timeout", "outside"},
		{"orc", convert + ".OutputFormatConfiguration.Serializer", `{"OrcSerDe":{}}`, convert + ".OutputFormatConfiguration.Serializer.OrcSerDe", "Parquet, not ORC"},
		{"hive", convert + ".InputFormatConfiguration.Deserializer", `{"OpenXJsonSerDe":{},"HiveJsonSerDe":{}}`, convert + ".InputFormatConfiguration.Deserializer.HiveJsonSerDe", "only as OpenXJsonSerDe does"},
		{"no format", convert + ".InputFormatConfiguration", `null`, convert + ".InputFormatConfiguration", "required"},
		{"mappings", convert + ".InputFormatConfiguration.Deserializer.OpenXJsonSerDe.ColumnToJsonKeyMappings", `{"a":"b"}`, convert + ".InputFormatConfiguration.Deserializer.OpenXJsonSerDe.ColumnToJsonKeyMappings", "the name of its column"},
		{"codec", convert + ".OutputFormatConfiguration.Serializer.ParquetSerDe.Compression", `"GZIP"`, convert + ".OutputFormatConfiguration.Serializer.ParquetSerDe.Compression", "only with SNAPPY"},
		{"block", convert + ".OutputFormatConfiguration.Serializer.ParquetSerDe.BlockSizeBytes", `1`, convert + ".OutputFormatConfiguration.Serializer.ParquetSerDe.BlockSizeBytes", "outside"},
		{"no table", convert + ".SchemaConfiguration.TableName", `"nobody"`, convert + ".SchemaConfiguration", "the template does not have the AWS::Glue::Table metrics.nobody"},
		{"version", convert + ".SchemaConfiguration.VersionId", `"3"`, convert + ".SchemaConfiguration.VersionId", "LATEST"},
		{"column type", "Resources.Table.Properties.TableInput.StorageDescriptor.Columns[0].Type", `"dubble"`, "Resources.Table.Properties.TableInput.StorageDescriptor.Columns[0].Type", "not a Hive type"},
		{"column name", "Resources.Table.Properties.TableInput.StorageDescriptor.Columns[0].Name", `"TS"`, "Resources.Table.Properties.TableInput.StorageDescriptor.Columns[0].Name", "not a column name"},
		{"column twice", "Resources.Table.Properties.TableInput.StorageDescriptor.Columns[0].Name", `"tags"`, "Resources.Table.Properties.TableInput.StorageDescriptor.Columns[2]", "another column has the name tags already"},
		{"key is a column", "Resources.Table.Properties.TableInput.PartitionKeys[1].Name", `"tags"`, "Resources.Table.Properties.TableInput.PartitionKeys[1]", "is also a column"},
		{"secure parameter", "Resources.RegionParameter.Properties.Type", `"SecureString"`, "Resources.RegionParameter.Properties.Type", "String or StringList"},
		{"parameter name", "Resources.RegionParameter.Properties.Name", `"/a b"`, "Resources.RegionParameter.Properties.Name", "not a name of an SSM parameter"},
		{"empty parameter", "Resources.RegionParameter.Properties.Value", `""`, "Resources.RegionParameter.Properties.Value", "1 to 4096"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Read(change(t, small(t), test.at, test.value), Options{})
			var problems Problems
			if !errors.As(err, &problems) {
				t.Fatalf("have error %v, want problems", err)
			}
			for _, p := range problems {
				if p.Path != test.path || !strings.Contains(p.Reason, test.reason) {
					t.Errorf("have\n%v\nwant\n%s: …%s…", problems, test.path, test.reason)
				}
			}
		})
	}
}

// The stream has the encryption at rest that the template asks for.
func TestEncryption(t *testing.T) {
	const at = "Resources.Stream.Properties.DeliveryStreamEncryptionConfigurationInput"
	for value, want := range map[string]*spec.Encryption{
		`null`:                        nil,
		`{"KeyType":"AWS_OWNED_CMK"}`: {KeyType: "AWS_OWNED_CMK"},
		`{"KeyType":"CUSTOMER_MANAGED_CMK","KeyARN":"arn:k"}`: {KeyType: "CUSTOMER_MANAGED_CMK", KeyARN: "arn:k"},
	} {
		got, err := Read(change(t, small(t), at, value), Options{})
		if err != nil || !reflect.DeepEqual(got.Streams[0].Encryption, want) {
			t.Errorf("%s: %+v, %v", value, got.Streams, err)
		}
	}
}

func TestSecondProcessor(t *testing.T) {
	lambda := `{"Type":"Lambda","Parameters":[{"ParameterName":"LambdaArn","ParameterValue":{"Fn::GetAtt":["Transform","Arn"]}}]}`
	const at = "Resources.Stream.Properties.ExtendedS3DestinationConfiguration.ProcessingConfiguration.Processors"
	_, err := Read(change(t, small(t), at, "["+lambda+","+lambda+"]"), Options{})
	if err == nil || err.Error() != at+"[1]: this is a second Lambda processor; Firehose allows one" {
		t.Error(err)
	}
}

// TestAllProblemsAtOnce shows that one problem does not hide the next.
func TestAllProblemsAtOnce(t *testing.T) {
	data := change(t, small(t), "Resources.Stream.Properties.DeliveryStreamType", `"MSKAsSource"`)
	data = change(t, data, "Resources.Stream.Properties.ExtendedS3DestinationConfiguration.BufferingHints.SizeInMBs", `1`)
	data = change(t, data, "Resources.StreamParameter.Properties.Value", `{"Fn::Base64":"x"}`)
	_, err := Read(data, Options{})
	var problems Problems
	if !errors.As(err, &problems) || len(problems) != 3 {
		t.Errorf("have %v, want three problems", err)
	}
}

func TestReadNoTemplate(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "line 1",
		"Resources:\n  A:\n":             "a YAML template must be synthesized",
		"{\n\"Resources\": {\n\"a\": x}": "line 3",
		"[]":                             "not a CloudFormation template in JSON",
		"{}":                             "Resources is missing or empty",
		`{"Resources":{"A":{"Type":"AWS::S3::Bucket"}}}`: "want at least one AWS::KinesisFirehose::DeliveryStream",
	} {
		if _, err := Read([]byte(text), Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: have %v, want %q", text, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	data, err := os.ReadFile("testdata/small.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(bytes.ReplaceAll(data, []byte(`"Ref"`), []byte(`"Fn::Sub"`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := Read(data, Options{}); err == nil && len(s.Streams) == 0 {
			t.Error("no stream and no error")
		}
	})
}

// change sets the value at a path of a template such as Resources.A.Properties.B[1].
func change(t *testing.T, data []byte, path, value string) []byte {
	t.Helper()
	var root, v any
	if err := json.Unmarshal(data, &root); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(value), &v); err != nil {
		t.Fatal(err)
	}
	keys := strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune(".[]", r) })
	at := root
	for i, key := range keys {
		last := i == len(keys)-1
		switch parent := at.(type) {
		case map[string]any:
			if last {
				parent[key] = v
			}
			at = parent[key]
		case []any:
			n, err := strconv.Atoi(key)
			if err != nil {
				t.Fatal(err)
			}
			if last {
				parent[n] = v
			}
			at = parent[n]
		default:
			t.Fatalf("the template does not have %s", path)
		}
	}
	changed, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

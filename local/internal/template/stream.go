package template

import (
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
)

// MiB is what Firehose calls a MB.
const mib = 1 << 20

// Bounds of Firehose's buffers. Source: Firehose developer guide, "Configure buffering hints" and "Data transformation".
const (
	maxBufferMiB          = 128
	minConvertedMiB       = 64 // with format conversion or dynamic partitioning
	maxIntervalSeconds    = 900
	minPartitionedSeconds = 60
	minProcessorMiB       = 0.2
	maxProcessorMiB       = 3
)

var streamName = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,64}$`)

func (r *reader) streams() []spec.Stream {
	var streams []spec.Stream
	for _, id := range r.ofType(typeStream) {
		streams = append(streams, r.stream(id))
	}
	return streams
}

func (r *reader) stream(id string) spec.Stream {
	n := r.properties(id)
	n.object([]string{
		"DeliveryStreamName", "DeliveryStreamType", "ExtendedS3DestinationConfiguration",
		"DeliveryStreamEncryptionConfigurationInput", "DirectPutSourceConfiguration", "Tags",
	}, map[string]string{
		"KinesisStreamSourceConfiguration": "the local stack reads from DirectPut only, not from a Kinesis stream",
	})
	n.field("DeliveryStreamType").only("the local stack knows DirectPut only", "DirectPut")
	name := r.name(id)
	if !streamName.MatchString(name) {
		n.field("DeliveryStreamName").problem("%q is no name of a delivery stream: 1-64 of A-Z a-z 0-9 _ . -", name)
	}
	s := spec.Stream{
		Name: name, ARN: r.arn("firehose", "deliverystream/"+name),
		Encryption: encryption(n.field("DeliveryStreamEncryptionConfigurationInput")),
	}
	destination := n.field("ExtendedS3DestinationConfiguration")
	if !destination.exists() {
		n.problem("no ExtendedS3DestinationConfiguration, and the local stack delivers to nothing else")
		return s
	}
	r.destination(&s, destination)
	return s
}

// encryption reads the encryption at rest. Source: Firehose API reference, DeliveryStreamEncryptionConfigurationInput.
func encryption(n node) *spec.Encryption {
	if !n.object([]string{"KeyType", "KeyARN"}, nil) {
		return nil
	}
	const owned, customer = "AWS_OWNED_CMK", "CUSTOMER_MANAGED_CMK"
	e := &spec.Encryption{KeyType: n.field("KeyType").required(), KeyARN: n.field("KeyARN").text()}
	n.field("KeyType").only("want "+owned+" or "+customer, owned, customer)
	switch {
	case e.KeyType == owned && e.KeyARN != "":
		n.field("KeyARN").problem("Firehose takes no KeyARN with %s", owned)
	case e.KeyType == customer && e.KeyARN == "":
		n.problem("KeyARN is required with %s", customer)
	}
	return e
}

func (r *reader) destination(s *spec.Stream, n node) {
	if !n.object([]string{
		"BucketARN", "RoleARN", "Prefix", "ErrorOutputPrefix", "BufferingHints", "CompressionFormat", "CustomTimeZone",
		"FileExtension", "S3BackupMode", "ProcessingConfiguration", "DynamicPartitioningConfiguration",
		"DataFormatConversionConfiguration", "CloudWatchLoggingOptions", "EncryptionConfiguration",
	}, map[string]string{
		"S3BackupConfiguration": "the local stack keeps no backup of source records",
	}) {
		return
	}
	s.RoleARN = n.field("RoleARN").required()
	s.Bucket = bucketOf(n.field("BucketARN"))
	n.field("S3BackupMode").only("the local stack keeps no backup of source records", "Disabled")
	n.field("CustomTimeZone").only("the local stack knows UTC only", "UTC", "")
	s.DynamicPartitioning = r.dynamicPartitioning(n.field("DynamicPartitioningConfiguration"))
	s.Table = r.conversion(n.field("DataFormatConversionConfiguration"))
	s.Lambda = r.processing(n.field("ProcessingConfiguration"))
	compression := n.field("CompressionFormat")
	if s.Table != nil {
		compression.only("Firehose takes only UNCOMPRESSED with format conversion; Parquet compresses by itself", "UNCOMPRESSED")
	} else {
		compression.only("the local stack compresses no objects", "UNCOMPRESSED")
	}
	s.Buffering = buffering(n.field("BufferingHints"), s.DynamicPartitioning, s.Table != nil)
	s.FileExtension = fileExtension(n.field("FileExtension"), s.Table != nil)
	s.Prefix, s.ErrorPrefix = n.field("Prefix").text(), n.field("ErrorOutputPrefix").text()
	checkPrefixes(n, s)
}

const s3ARN = "arn:" + partition + ":s3:::"

func bucketOf(n node) string {
	arn := n.required()
	name, ok := strings.CutPrefix(arn, s3ARN)
	if arn != "" && (!ok || name == "" || strings.ContainsAny(name, "/\\") || strings.HasPrefix(name, ".")) {
		n.problem("%q is no ARN of a bucket: want %s<name>", arn, s3ARN)
		return ""
	}
	return name
}

func (r *reader) dynamicPartitioning(n node) bool {
	if !n.object([]string{"Enabled", "RetryOptions"}, nil) {
		return false
	}
	if options := n.field("RetryOptions"); options.object([]string{"DurationInSeconds"}, nil) {
		options.field("DurationInSeconds").whole(300, 0, 7200, " seconds")
	}
	return n.field("Enabled").boolean(false)
}

func buffering(n node, partitioned, converted bool) spec.Buffering {
	size, minSize, minInterval := 5, 1, 0
	sizeReason, intervalReason := " MiB", " seconds"
	if partitioned {
		minInterval = minPartitionedSeconds
		intervalReason = " seconds, which Firehose asks for with dynamic partitioning"
	}
	if partitioned || converted {
		size, minSize = maxBufferMiB, minConvertedMiB
		sizeReason = " MiB, which Firehose asks for with dynamic partitioning or format conversion"
	}
	interval := 300
	if n.object([]string{"SizeInMBs", "IntervalInSeconds"}, nil) {
		if n.field("SizeInMBs").exists() != n.field("IntervalInSeconds").exists() {
			n.problem("Firehose takes SizeInMBs and IntervalInSeconds together or neither")
		}
		size = n.field("SizeInMBs").whole(size, minSize, maxBufferMiB, sizeReason)
		interval = n.field("IntervalInSeconds").whole(interval, minInterval, maxIntervalSeconds, intervalReason)
	}
	return spec.Buffering{Bytes: size * mib, Interval: time.Duration(interval) * time.Second}
}

var extension = regexp.MustCompile(`^\.[0-9a-z!\-_.*'()]{1,127}$`)

func fileExtension(n node, converted bool) string {
	s := n.text()
	switch {
	case s == "" && converted:
		return ".parquet"
	case s != "" && !extension.MatchString(s):
		n.problem("%q is no file extension: a dot, then up to 127 of 0-9 a-z ! - _ . * ' ( )", s)
	}
	return s
}

// processing reads the processors: one Lambda function, or none.
func (r *reader) processing(n node) *spec.Processor {
	if !n.object([]string{"Enabled", "Processors"}, nil) || !n.field("Enabled").boolean(false) {
		return nil
	}
	// What is refused still takes the processor's place, so that a prefix with its keys is no second problem.
	p := &spec.Processor{}
	lambdas := 0
	processors := n.field("Processors").items()
	if len(processors) == 0 {
		n.problem("enabled, but without a processor; Firehose asks for one")
	}
	for _, processor := range processors {
		switch kind := processor.field("Type").required(); {
		case kind != "Lambda":
			processor.field("Type").problem("processor %s: the local stack knows Lambda only", kind)
		case lambdas > 0:
			processor.problem("a second Lambda processor; Firehose allows one")
		default:
			lambdas++
			p = r.lambda(processor)
		}
	}
	return p
}

func (r *reader) lambda(n node) *spec.Processor {
	n.object([]string{"Type", "Parameters"}, nil)
	p := &spec.Processor{Retries: 3, Buffering: spec.Buffering{Bytes: mib, Interval: time.Minute}}
	for _, parameter := range n.field("Parameters").items() {
		value := parameter.field("ParameterValue")
		switch name := parameter.field("ParameterName").required(); name {
		case "LambdaArn":
			p.FunctionARN = value.required()
			r.function(value, p)
		case "NumberOfRetries":
			p.Retries = value.whole(p.Retries, 0, 300, "")
		case "BufferSizeInMBs":
			size := value.between(1, minProcessorMiB, maxProcessorMiB, " MB")
			p.Buffering.Bytes = int(math.Round(size * mib))
		case "BufferIntervalInSeconds":
			p.Buffering.Interval = time.Duration(value.whole(60, 0, maxIntervalSeconds, " seconds")) * time.Second
		case "RoleArn":
		default:
			parameter.field("ParameterName").problem("%s is no parameter of a Lambda processor", name)
		}
	}
	if p.FunctionARN == "" {
		n.field("Parameters").problem("a Lambda processor needs LambdaArn")
	}
	return p
}

// function finds the function that the processor names among the resources.
func (r *reader) function(at node, p *spec.Processor) {
	for _, id := range r.ofType(typeFunction) {
		arn := r.arn("lambda", "function:"+r.name(id))
		if p.FunctionARN != arn && !strings.HasPrefix(p.FunctionARN, arn+":") {
			continue
		}
		f := r.properties(id)
		f.field("Runtime").only("the local stack runs the transform as provided.al2023 does", "provided.al2023", "provided.al2")
		p.Handler = f.field("Handler").text()
		p.Timeout = time.Duration(f.field("Timeout").whole(3, 1, 900, " seconds")) * time.Second
		p.MemoryMB = f.field("MemorySize").whole(128, 128, 10240, " MB")
		p.Environment = r.environment(f.field("Environment").field("Variables"))
		return
	}
	if p.FunctionARN != "" {
		at.problem("%s is no %s of this template", p.FunctionARN, typeFunction)
	}
}

func (r *reader) environment(n node) map[string]string {
	variables, _ := n.value().(map[string]any)
	environment := make(map[string]string, len(variables))
	for name := range variables {
		if v := n.field(name); v.exists() {
			environment[name] = v.text()
		}
	}
	return environment
}

// maxPrefix is how long a prefix may be before it is evaluated.
const maxPrefix = 1024

// checkPrefixes applies the rules of "Custom prefixes" in the Firehose developer guide.
func checkPrefixes(n node, s *spec.Stream) {
	prefix, errorPrefix := n.field("Prefix"), n.field("ErrorOutputPrefix")
	keys := checkPrefix(prefix, func(e Expression) string {
		switch {
		case e.Namespace == keyNamespace && !s.DynamicPartitioning:
			return "partition keys need dynamic partitioning"
		case e.Namespace == keyNamespace && s.Lambda == nil:
			return "partition keys from a Lambda need a Lambda processor"
		case e.Namespace == keyNamespace:
			return ""
		case e.Namespace == queryNamespace:
			return "the local stack knows partition keys from the Lambda only"
		case e.Namespace == firehoseNamespace && e.Value == errorOutputType:
			return "belongs into ErrorOutputPrefix"
		}
		return commonExpression(e)
	})
	errorTypes := checkPrefix(errorPrefix, func(e Expression) string {
		switch {
		case e.Namespace == keyNamespace || e.Namespace == queryNamespace:
			return "an error prefix has no partition keys"
		case e.Namespace == firehoseNamespace && e.Value == errorOutputType:
			return ""
		}
		return commonExpression(e)
	})
	switch {
	case s.DynamicPartitioning && keys[keyNamespace] == 0 && keys[queryNamespace] == 0:
		prefix.problem("dynamic partitioning needs at least one !{partitionKeyFromLambda:<key>} in the prefix")
	case s.DynamicPartitioning && s.ErrorPrefix == "":
		errorPrefix.problem("required with dynamic partitioning")
	case s.ErrorPrefix == "" && len(keys) > 0:
		errorPrefix.problem("required where Prefix has expressions")
	}
	if len(errorTypes) > 0 && !strings.Contains(s.ErrorPrefix, "!{firehose:error-output-type}") {
		errorPrefix.problem("a prefix with expressions needs !{firehose:error-output-type} in it")
	}
}

// commonExpression says what is wrong with an expression that both prefixes know, empty if nothing is.
func commonExpression(e Expression) string {
	switch {
	case e.Namespace == timestampNamespace && e.Value != "":
		return ""
	case e.Namespace == firehoseNamespace && e.Value == randomString:
		return ""
	}
	return "not an expression that Firehose knows here"
}

// checkPrefix checks each expression of a prefix and counts them by namespace.
func checkPrefix(n node, wrong func(Expression) string) map[string]int {
	text := n.text()
	if len(text) > maxPrefix {
		n.problem("longer than %d characters", maxPrefix)
	}
	p, err := ParsePrefix(text)
	if err != nil {
		n.problem("%v", err)
	}
	namespaces := make(map[string]int)
	wrongs := 0
	for _, e := range p.Expressions() {
		namespaces[e.Namespace]++
		reason := wrong(e)
		if reason == "" && e.Value == "" {
			reason = "no value after the colon"
		}
		if reason != "" {
			wrongs++
			n.problem("%v: %s", e, reason)
		}
	}
	if err := p.Supported(); err != nil && wrongs == 0 {
		n.problem("%v", err)
	}
	if strings.HasPrefix(text, "/") || strings.Contains("/"+text, "/../") {
		n.problem("%q would leave the bucket's directory", text)
	}
	return namespaces
}

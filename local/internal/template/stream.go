package template

import (
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
)

// mib is 1 MiB. Firehose calls it a MB.
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
		"KinesisStreamSourceConfiguration": "the local stack does not read from a Kinesis stream; it supports only DirectPut",
	})
	n.field("DeliveryStreamType").only("the local stack supports only DirectPut", "DirectPut")
	name := r.name(id)
	if !streamName.MatchString(name) {
		n.field("DeliveryStreamName").problem("%q is not a name of a delivery stream; want 1-64 of A-Z a-z 0-9 _ . -", name)
	}
	s := spec.Stream{
		Name: name, ARN: r.arn("firehose", "deliverystream/"+name),
		Encryption: encryption(n.field("DeliveryStreamEncryptionConfigurationInput")),
	}
	destination := n.field("ExtendedS3DestinationConfiguration")
	if !destination.exists() {
		n.problem("ExtendedS3DestinationConfiguration is missing; the local stack supports only this destination")
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
		n.field("KeyARN").problem("Firehose does not accept KeyARN with %s; leave it out", owned)
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
		"S3BackupConfiguration": "the local stack does not back up source records",
	}) {
		return
	}
	s.RoleARN = n.field("RoleARN").required()
	s.Bucket = bucketOf(n.field("BucketARN"))
	n.field("S3BackupMode").only("the local stack does not back up source records", "Disabled")
	n.field("CustomTimeZone").only("the local stack supports only UTC", "UTC", "")
	s.DynamicPartitioning = r.dynamicPartitioning(n.field("DynamicPartitioningConfiguration"))
	s.Table = r.conversion(n.field("DataFormatConversionConfiguration"))
	s.Lambda = r.processing(n.field("ProcessingConfiguration"))
	compression := n.field("CompressionFormat")
	if s.Table != nil {
		compression.only("Firehose accepts only UNCOMPRESSED with format conversion; Parquet compresses by itself", "UNCOMPRESSED")
	} else {
		compression.only("the local stack does not compress objects; want UNCOMPRESSED", "UNCOMPRESSED")
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
		n.problem("%q is not an ARN of a bucket; want %s<name>", arn, s3ARN)
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
		intervalReason = " seconds, which Firehose demands with dynamic partitioning"
	}
	if partitioned || converted {
		size, minSize = maxBufferMiB, minConvertedMiB
		sizeReason = " MiB, which Firehose demands with dynamic partitioning or format conversion"
	}
	interval := 300
	if n.object([]string{"SizeInMBs", "IntervalInSeconds"}, nil) {
		if n.field("SizeInMBs").exists() != n.field("IntervalInSeconds").exists() {
			n.problem("Firehose accepts SizeInMBs and IntervalInSeconds only together")
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
		n.problem("%q is not a file extension; want a dot, then up to 127 of 0-9 a-z ! - _ . * ' ( )", s)
	}
	return s
}

// processing reads the processors: at most one Lambda function. It returns nil if processing is off.
func (r *reader) processing(n node) *spec.Processor {
	if !n.object([]string{"Enabled", "Processors"}, nil) || !n.field("Enabled").boolean(false) {
		return nil
	}
	// Not nil, even if the processor is refused: otherwise a prefix with partition keys would be a second problem.
	p := &spec.Processor{}
	lambdas := 0
	processors := n.field("Processors").items()
	if len(processors) == 0 {
		n.problem("it is enabled without a processor; Firehose demands one")
	}
	for _, processor := range processors {
		switch kind := processor.field("Type").required(); {
		case kind != "Lambda":
			processor.field("Type").problem("processor %s: the local stack supports only Lambda", kind)
		case lambdas > 0:
			processor.problem("this is a second Lambda processor; Firehose allows one")
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
			parameter.field("ParameterName").problem("%s is not a parameter of a Lambda processor", name)
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
		f.field("Runtime").only("the local stack runs only functions of provided.al2023 or provided.al2", "provided.al2023", "provided.al2")
		p.Handler = f.field("Handler").text()
		p.Timeout = time.Duration(f.field("Timeout").whole(3, 1, 900, " seconds")) * time.Second
		p.MemoryMB = f.field("MemorySize").whole(128, 128, 10240, " MB")
		p.Environment = r.environment(f.field("Environment").field("Variables"))
		return
	}
	if p.FunctionARN != "" {
		at.problem("the template does not have the %s %s", typeFunction, p.FunctionARN)
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

// maxPrefix is how many characters a prefix may have before it is evaluated.
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
			return "the local stack supports only partition keys from the Lambda"
		case e.Namespace == firehoseNamespace && e.Value == errorOutputType:
			return "is allowed only in ErrorOutputPrefix"
		}
		return commonExpression(e)
	})
	errorTypes := checkPrefix(errorPrefix, func(e Expression) string {
		switch {
		case e.Namespace == keyNamespace || e.Namespace == queryNamespace:
			return "partition keys are not allowed in an error prefix"
		case e.Namespace == firehoseNamespace && e.Value == errorOutputType:
			return ""
		}
		return commonExpression(e)
	})
	switch {
	case s.DynamicPartitioning && keys[keyNamespace] == 0 && keys[queryNamespace] == 0:
		prefix.problem("dynamic partitioning needs at least one !{partitionKeyFromLambda:<key>} in the prefix")
	case s.DynamicPartitioning && s.ErrorPrefix == "":
		errorPrefix.problem("is required with dynamic partitioning")
	case s.ErrorPrefix == "" && len(keys) > 0:
		errorPrefix.problem("is required if Prefix has expressions")
	}
	if len(errorTypes) > 0 && !strings.Contains(s.ErrorPrefix, "!{firehose:error-output-type}") {
		errorPrefix.problem("an error prefix with expressions must contain !{firehose:error-output-type}")
	}
}

// commonExpression says what is wrong with an expression that both prefixes may have. It returns "" if it is right.
func commonExpression(e Expression) string {
	switch {
	case e.Namespace == timestampNamespace && e.Value != "":
		return ""
	case e.Namespace == firehoseNamespace && e.Value == randomString:
		return ""
	}
	return "not an expression that Firehose knows here"
}

// checkPrefix checks the expressions of a prefix and counts them by namespace. wrong says what is wrong with an expression, or "".
func checkPrefix(n node, wrong func(Expression) string) map[string]int {
	text := n.text()
	if len(text) > maxPrefix {
		n.problem("has %d characters; Firehose allows %d", len(text), maxPrefix)
	}
	p, err := ParsePrefix(text)
	if err != nil {
		n.problem("%v", err)
	}
	namespaces := make(map[string]int)
	problems := 0
	for _, e := range p.Expressions() {
		namespaces[e.Namespace]++
		reason := wrong(e)
		if reason == "" && e.Value == "" {
			reason = "the value after the colon is missing"
		}
		if reason != "" {
			problems++
			n.problem("%v: %s", e, reason)
		}
	}
	if err := p.Supported(); err != nil && problems == 0 {
		n.problem("%v", err)
	}
	if strings.HasPrefix(text, "/") || strings.Contains("/"+text, "/../") {
		n.problem("%q leads out of the bucket's directory; want a prefix without a slash at its start and without ..", text)
	}
	return namespaces
}

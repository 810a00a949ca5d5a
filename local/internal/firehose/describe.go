package firehose

import (
	"context"
	"strconv"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/awsjson"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
)

type describeRequest struct {
	DeliveryStreamName string
	Limit              *int
}

type describeResponse struct{ DeliveryStreamDescription description }

// description and the types within it are the part of Firehose's answer that the local stack fills.
type description struct {
	DeliveryStreamName   string
	DeliveryStreamARN    string
	DeliveryStreamStatus string
	DeliveryStreamType   string
	VersionID            string            `json:"VersionId"`
	StreamEncryption     *streamEncryption `json:"DeliveryStreamEncryptionConfiguration,omitzero"`
	CreateTimestamp      float64           // Unix seconds
	HasMoreDestinations  bool
	Destinations         []destination
}

// streamEncryption is the encryption of the stream at rest.
type streamEncryption struct {
	KeyARN  string `json:",omitzero"`
	KeyType string
	Status  string
}

type destination struct {
	DestinationID                    string `json:"DestinationId"`
	ExtendedS3DestinationDescription s3Destination
}

type s3Destination struct {
	RoleARN                           string
	BucketARN                         string
	Prefix                            string
	ErrorOutputPrefix                 string
	FileExtension                     string
	BufferingHints                    bufferingHints
	CompressionFormat                 string
	EncryptionConfiguration           encryption
	S3BackupMode                      string
	ProcessingConfiguration           processing
	DynamicPartitioningConfiguration  partitioning
	DataFormatConversionConfiguration *conversion `json:",omitzero"`
}

type bufferingHints struct{ SizeInMBs, IntervalInSeconds int }

type encryption struct{ NoEncryptionConfig string }

type partitioning struct{ Enabled bool }

type processing struct {
	Enabled    bool
	Processors []processor
}

type processor struct {
	Type       string
	Parameters []processorParameter
}

type processorParameter struct{ ParameterName, ParameterValue string }

type conversion struct {
	Enabled             bool
	SchemaConfiguration schema
}

type schema struct {
	DatabaseName string
	TableName    string
	RoleARN      string
	VersionID    string `json:"VersionId"`
}

func (s *Service) describe(_ context.Context, body []byte) (any, error) {
	var request describeRequest
	if err := awsjson.Decode(body, &request); err != nil {
		return nil, err
	}
	var v violations
	v.streamName(request.DeliveryStreamName)
	if request.Limit != nil {
		v.between("limit", *request.Limit, 1, 10000)
	}
	target, err := s.check(v, request.DeliveryStreamName)
	if err != nil {
		return nil, err
	}
	stream := target.Stream
	var encrypted *streamEncryption
	if e := stream.Encryption; e != nil {
		encrypted = &streamEncryption{KeyARN: e.KeyARN, KeyType: e.KeyType, Status: "ENABLED"}
	}
	return describeResponse{description{
		StreamEncryption:     encrypted,
		DeliveryStreamName:   stream.Name,
		DeliveryStreamARN:    stream.ARN,
		DeliveryStreamStatus: "ACTIVE",
		DeliveryStreamType:   "DirectPut",
		VersionID:            "1",
		CreateTimestamp:      float64(s.created.UnixMilli()) / 1000,
		Destinations: []destination{{
			DestinationID:                    "destinationId-000000000001",
			ExtendedS3DestinationDescription: describeDestination(stream),
		}},
	}}, nil
}

func describeDestination(s spec.Stream) s3Destination {
	d := s3Destination{
		RoleARN:                 s.RoleARN,
		BucketARN:               "arn:aws:s3:::" + s.Bucket,
		Prefix:                  s.Prefix,
		ErrorOutputPrefix:       s.ErrorPrefix,
		FileExtension:           s.FileExtension,
		BufferingHints:          bufferingHints{s.Buffering.Bytes >> 20, int(s.Buffering.Interval.Seconds())},
		CompressionFormat:       "UNCOMPRESSED",
		EncryptionConfiguration: encryption{NoEncryptionConfig: "NoEncryption"},
		S3BackupMode:            "Disabled",

		DynamicPartitioningConfiguration: partitioning{Enabled: s.DynamicPartitioning},
	}
	if l := s.Lambda; l != nil {
		d.ProcessingConfiguration = processing{Enabled: true, Processors: []processor{{
			Type: "Lambda",
			Parameters: []processorParameter{
				{"LambdaArn", l.FunctionARN},
				{"NumberOfRetries", strconv.Itoa(l.Retries)},
				{"BufferSizeInMBs", strconv.FormatFloat(float64(l.Buffering.Bytes)/(1<<20), 'f', 1, 64)},
				{"BufferIntervalInSeconds", strconv.Itoa(int(l.Buffering.Interval.Seconds()))},
			},
		}}}
	}
	if t := s.Table; t != nil {
		d.DataFormatConversionConfiguration = &conversion{
			Enabled:             true,
			SchemaConfiguration: schema{DatabaseName: t.Database, TableName: t.Name, RoleARN: s.RoleARN, VersionID: "LATEST"},
		}
	}
	return d
}

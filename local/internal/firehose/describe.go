package firehose

import (
	"context"
	"strconv"

	sdk "github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/awsjson"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
)

type describeRequest struct {
	DeliveryStreamName string
	Limit              *int
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
	d := types.DeliveryStreamDescription{
		DeliveryStreamName:   &stream.Name,
		DeliveryStreamARN:    &stream.ARN,
		DeliveryStreamStatus: types.DeliveryStreamStatusActive,
		DeliveryStreamType:   types.DeliveryStreamTypeDirectPut,
		VersionId:            new("1"),
		CreateTimestamp:      &s.created,
		HasMoreDestinations:  new(false),
		Destinations: []types.DestinationDescription{{
			DestinationId:                    new("destinationId-000000000001"),
			ExtendedS3DestinationDescription: describeDestination(stream),
		}},
	}
	if e := stream.Encryption; e != nil {
		d.DeliveryStreamEncryptionConfiguration = &types.DeliveryStreamEncryptionConfiguration{
			KeyType: types.KeyType(e.KeyType), Status: types.DeliveryStreamEncryptionStatusEnabled,
		}
		if e.KeyARN != "" {
			d.DeliveryStreamEncryptionConfiguration.KeyARN = &e.KeyARN
		}
	}
	return awsjson.Encode(sdk.DescribeDeliveryStreamOutput{DeliveryStreamDescription: &d})
}

func describeDestination(s spec.Stream) *types.ExtendedS3DestinationDescription {
	d := &types.ExtendedS3DestinationDescription{
		RoleARN:                 &s.RoleARN,
		BucketARN:               new("arn:aws:s3:::" + s.Bucket),
		Prefix:                  &s.Prefix,
		ErrorOutputPrefix:       &s.ErrorPrefix,
		FileExtension:           &s.FileExtension,
		BufferingHints:          &types.BufferingHints{SizeInMBs: new(int32(s.Buffering.Bytes >> 20)), IntervalInSeconds: new(int32(s.Buffering.Interval.Seconds()))},
		CompressionFormat:       types.CompressionFormatUncompressed,
		EncryptionConfiguration: &types.EncryptionConfiguration{NoEncryptionConfig: types.NoEncryptionConfigNoEncryption},
		S3BackupMode:            types.S3BackupModeDisabled,
		ProcessingConfiguration: &types.ProcessingConfiguration{Enabled: new(s.Lambda != nil)},

		DynamicPartitioningConfiguration: &types.DynamicPartitioningConfiguration{Enabled: &s.DynamicPartitioning},
	}
	if l := s.Lambda; l != nil {
		parameter := func(name types.ProcessorParameterName, value string) types.ProcessorParameter {
			return types.ProcessorParameter{ParameterName: name, ParameterValue: &value}
		}
		d.ProcessingConfiguration.Processors = []types.Processor{{Type: types.ProcessorTypeLambda, Parameters: []types.ProcessorParameter{
			parameter(types.ProcessorParameterNameLambdaArn, l.FunctionARN),
			parameter(types.ProcessorParameterNameLambdaNumberOfRetries, strconv.Itoa(l.Retries)),
			parameter(types.ProcessorParameterNameBufferSizeInMb, strconv.FormatFloat(float64(l.Buffering.Bytes)/(1<<20), 'f', 1, 64)),
			parameter(types.ProcessorParameterNameBufferIntervalInSeconds, strconv.Itoa(int(l.Buffering.Interval.Seconds()))),
		}}}
	}
	if t := s.Table; t != nil {
		d.DataFormatConversionConfiguration = &types.DataFormatConversionConfiguration{
			Enabled: new(true),
			SchemaConfiguration: &types.SchemaConfiguration{
				DatabaseName: &t.Database, TableName: &t.Name, RoleARN: &s.RoleARN, VersionId: new("LATEST"),
			},
		}
	}
	return d
}

package stack

import (
	"strconv"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskinesisfirehose"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/config"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// destination holds what the delivery stream needs to deliver.
type destination struct {
	bucket    awss3.IBucket
	transform awslambda.IFunction
	table     catalog
	role      awsiam.IRole
	logs      logStream
}

// delivery is the stream that collectors send to.
type delivery struct {
	name, arn *string
	resource  awscdk.CfnResource
}

// logStream is the log stream that Firehose writes its errors to.
type logStream struct{ group, name *string }

func newDeliveryLogs(scope constructs.Construct, c config.Config) logStream {
	logs := newLogGroup(scope, c, "DeliveryLogs")
	stream := awslogs.NewLogStream(scope, jsii.String("DeliveryLogStream"), &awslogs.LogStreamProps{
		LogGroup:      logs,
		LogStreamName: jsii.String("delivery"),
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
	return logStream{group: logs.LogGroupName(), name: stream.LogStreamName()}
}

func (l logStream) arn(scope constructs.Construct) *string {
	return arn(scope, "logs", "log-group:"+*l.group+":log-stream:"+*l.name)
}

// newDelivery adds the delivery stream. It uses the L1 construct, because the L2 construct takes no processor buffer below
// 1 MiB and grants more than needed: to delete and tag objects, and glue:GetSchemaVersion on all resources.
func newDelivery(scope constructs.Construct, c config.Config, to destination) delivery {
	stream := awskinesisfirehose.NewCfnDeliveryStream(scope, jsii.String("Stream"),
		&awskinesisfirehose.CfnDeliveryStreamProps{
			DeliveryStreamName:                         optional(c.DeliveryStreamName),
			DeliveryStreamType:                         jsii.String("DirectPut"),
			DeliveryStreamEncryptionConfigurationInput: encryptedWith(c),
			ExtendedS3DestinationConfiguration: &s3Destination{
				BucketArn:         to.bucket.BucketArn(),
				RoleArn:           to.role.RoleArn(),
				Prefix:            jsii.String(c.Prefix + partitions()),
				ErrorOutputPrefix: jsii.String(config.ErrorFolder + "!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd}/"),
				BufferingHints: &bufferingHints{
					SizeInMBs:         jsii.Number(c.BufferingMiB),
					IntervalInSeconds: jsii.Number(c.BufferingTime.Seconds()),
				},
				CompressionFormat: jsii.String("UNCOMPRESSED"), // the Parquet serializer compresses; Firehose refuses a second compression
				// This is not a setting, because Firehose cannot switch it on for an existing stream (CDK API reference, DynamicPartitioningProps),
				// and the prefix needs it.
				DynamicPartitioningConfiguration: &dynamicPartitioning{Enabled: jsii.Bool(true)},
				ProcessingConfiguration: &processing{
					Enabled:    jsii.Bool(true),
					Processors: []any{transformProcessor(to.transform)},
				},
				DataFormatConversionConfiguration: conversion(to.table, to.role),
				CloudWatchLoggingOptions: &loggingOptions{
					Enabled:       jsii.Bool(true),
					LogGroupName:  to.logs.group,
					LogStreamName: to.logs.name,
				},
			},
		})
	// Firehose checks the role when the stream is created, so the permission to invoke the transform must exist before.
	stream.Node().AddDependency(mayInvoke(scope, to.role, to.transform))
	return delivery{name: stream.Ref(), arn: stream.AttrArn(), resource: stream}
}

// encryptedWith returns how Firehose encrypts the records that it buffers. Firehose uses a customer's key through a grant.
// So the caller that deploys needs kms:CreateGrant, and collectors need no permission on the key (Firehose developer guide,
// "Data protection in Amazon Data Firehose").
func encryptedWith(c config.Config) *encryption {
	if c.KMSKeyARN == "" {
		return &encryption{KeyType: jsii.String("AWS_OWNED_CMK")}
	}
	return &encryption{KeyType: jsii.String("CUSTOMER_MANAGED_CMK"), KeyArn: &c.KMSKeyARN}
}

// partitions returns the part of the prefix with the partition keys, in Hive's form key=value/.
func partitions() string {
	var b strings.Builder
	for _, key := range record.PartitionKeys() {
		b.WriteString(key + "=!{partitionKeyFromLambda:" + key + "}/")
	}
	return b.String()
}

func transformProcessor(function awslambda.IFunction) *processor {
	parameters := []any{}
	for _, p := range [][2]*string{
		{jsii.String("LambdaArn"), function.FunctionArn()},
		{jsii.String("BufferSizeInMBs"), jsii.String(strconv.FormatFloat(record.ProcessorMB, 'f', -1, 64))},
		{jsii.String("BufferIntervalInSeconds"), jsii.String(strconv.Itoa(int(record.ProcessorWindow.Seconds())))},
		{jsii.String("NumberOfRetries"), jsii.String("3")},
	} {
		parameters = append(parameters, &processorParameter{ParameterName: p[0], ParameterValue: p[1]})
	}
	return &processor{Type: jsii.String("Lambda"), Parameters: parameters}
}

// conversion returns how Firehose converts JSON to Parquet with the table's columns.
func conversion(table catalog, role awsiam.IRole) *formatConversion {
	return &formatConversion{
		Enabled: jsii.Bool(true),
		InputFormatConfiguration: &inputFormat{Deserializer: &deserializer{
			// This is the default. It is set because CloudFormation takes no deserializer without properties.
			OpenXJsonSerDe: &openXJSON{CaseInsensitive: jsii.Bool(true)},
		}},
		OutputFormatConfiguration: &outputFormat{Serializer: &serializer{
			ParquetSerDe: &parquet{Compression: jsii.String("SNAPPY")},
		}},
		SchemaConfiguration: &schema{
			DatabaseName: table.database,
			TableName:    table.name,
			Region:       awscdk.Aws_REGION(),
			RoleArn:      role.RoleArn(),
			VersionId:    jsii.String("LATEST"), // so Firehose also writes columns that are added later
		},
	}
}

// Short names of the resource's property types.
type (
	s3Destination       = awskinesisfirehose.CfnDeliveryStream_ExtendedS3DestinationConfigurationProperty
	bufferingHints      = awskinesisfirehose.CfnDeliveryStream_BufferingHintsProperty
	dynamicPartitioning = awskinesisfirehose.CfnDeliveryStream_DynamicPartitioningConfigurationProperty
	processing          = awskinesisfirehose.CfnDeliveryStream_ProcessingConfigurationProperty
	processor           = awskinesisfirehose.CfnDeliveryStream_ProcessorProperty
	processorParameter  = awskinesisfirehose.CfnDeliveryStream_ProcessorParameterProperty
	formatConversion    = awskinesisfirehose.CfnDeliveryStream_DataFormatConversionConfigurationProperty
	inputFormat         = awskinesisfirehose.CfnDeliveryStream_InputFormatConfigurationProperty
	deserializer        = awskinesisfirehose.CfnDeliveryStream_DeserializerProperty
	openXJSON           = awskinesisfirehose.CfnDeliveryStream_OpenXJsonSerDeProperty
	outputFormat        = awskinesisfirehose.CfnDeliveryStream_OutputFormatConfigurationProperty
	serializer          = awskinesisfirehose.CfnDeliveryStream_SerializerProperty
	parquet             = awskinesisfirehose.CfnDeliveryStream_ParquetSerDeProperty
	schema              = awskinesisfirehose.CfnDeliveryStream_SchemaConfigurationProperty
	loggingOptions      = awskinesisfirehose.CfnDeliveryStream_CloudWatchLoggingOptionsProperty
	encryption          = awskinesisfirehose.CfnDeliveryStream_DeliveryStreamEncryptionConfigurationInputProperty
)

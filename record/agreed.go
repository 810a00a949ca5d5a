package record

import "time"

// This file holds the facts that the stack, the collector, the transform, the local stack and the dashboard must agree on.

// Names of the SSM parameters that tell a collector where to send. They are below [ParameterPath].
const (
	ParameterStream = "delivery-stream-name"
	ParameterRegion = "region"
	// ParameterConfig holds settings for all collectors. An operator creates it; the stack does not.
	ParameterConfig = "edge-config"
	// ParameterRules holds changes of the rules about problems. An operator creates it; the stack does not.
	ParameterRules = "alert-rules"
)

// ParameterPath returns the path of a stack's parameters in SSM. It ends with a slash.
func ParameterPath(stack string) string { return "/metrics-dashboard/" + stack + "/" }

// MaxLatency is how long a sample waits at most, by default, before the collector sends its pack. Two minutes of samples, one
// every three seconds, fill most of a [BilledStep]; packs of one minute would cost about twice as much. Firehose buffers the packs for
// five minutes, so that this wait adds little to the delay.
const MaxLatency = 2 * time.Minute

// Limits of Firehose. Source: Firehose developer guide, "Amazon Data Firehose Quota", and API reference, PutRecordBatch.
const (
	MaxRecordBytes  = 1_024_000 // 1,000 KiB, before base64
	MaxBatchRecords = 500
	MaxBatchBytes   = 4 << 20 // of all records of a batch
	// BilledStep is in bytes. Firehose rounds the size of each record up to a multiple of it for the bill.
	BilledStep = 5120
)

// The buffer of the transform. Firehose invokes the transform when it has this many MB of records, or after this time. The
// transform expands packs. 0.2 MB is the least that Firehose accepts; the response to it stays below the limit of 6 MB.
const (
	ProcessorMB     = 0.2
	ProcessorWindow = time.Minute
)

// RefusedMessage is the message of the line that the transform logs for a record that it refuses. The stack counts these lines.
const RefusedMessage = "record refused"

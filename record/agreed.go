package record

import "time"

// What the stack, the collector, the transform, the local stack and the dashboard must agree on stands here once.

// Names of the SSM parameters by which a collector finds the stack, below [ParameterPath].
const (
	ParameterStream = "delivery-stream-name"
	ParameterRegion = "region"
	// ParameterConfig holds settings for all collectors. An operator makes it; the stack does not.
	ParameterConfig = "edge-config"
)

// ParameterPath is where a stack's parameters are in SSM. It ends with a slash.
func ParameterPath(stack string) string { return "/metrics-dashboard/" + stack + "/" }

// MaxLatency is how long a collector lets a sample wait for others by default. Twice as long in a pack is about half the bill:
// two minutes at three seconds fill most of a [BilledStep]. Delivery buffers for five minutes anyway.
const MaxLatency = 2 * time.Minute

// Limits of Firehose. Source: Firehose developer guide, "Amazon Data Firehose Quota", and API reference, PutRecordBatch.
const (
	MaxRecordBytes  = 1_024_000 // 1,000 KiB, before base64
	MaxBatchRecords = 500
	MaxBatchBytes   = 4 << 20 // of all records of a batch
	// BilledStep is what the size of each record is rounded up to a multiple of, in bytes, for the bill.
	BilledStep = 5120
)

// The buffer of the transform: how much of a delivery stream's records, in MB, or of time one invocation gets at most. Packs
// expand in the transform; 0.2 MB of them, the least that Firehose takes, stay below the 6 MB of a response.
const (
	ProcessorMB     = 0.2
	ProcessorWindow = time.Minute
)

// RefusedMessage is the message of the transform's log line about a record that it refuses. The stack counts these lines.
const RefusedMessage = "record refused"

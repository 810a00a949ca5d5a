// Package transform is the Lambda function between Firehose and the lake: it expands packs, checks each sample, adds the
// time columns and names the partition. It keeps no state between invocations, and never lets one bad record take its
// neighbours with it.
//
// It is not the Lambda runtime: functions/cmd/transform is the executable.
package transform

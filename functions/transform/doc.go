// Package transform is the Lambda function between Firehose and the lake: it expands packs, checks each sample, adds the
// time columns and names the partition. It keeps no state between invocations, and never lets one bad record take its
// neighbours with it.
//
// It refuses a record with a document that is not a JSON object, has a key twice, has no usable ts, or is older than the stack
// accepts. It leaves out single numbers that no machine can have. A value of another type than its column's is not its
// matter: Firehose's conversion refuses such a record.
//
// The files carry the steps in their names: expand, parse (with column), enrich, answer, split, putback.
//
// It is not the Lambda runtime: functions/cmd/transform is the executable.
package transform

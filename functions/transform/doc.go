// Package transform is the Lambda function between Firehose and the lake. It expands packs, checks each sample, adds the time
// columns and names the partition. It does not keep state between invocations. A bad record does not affect the other records.
//
// It refuses a whole record if one of its documents is not a JSON object, has a key twice, does not have a usable ts, or is older
// than the stack accepts. It leaves out single numbers that are not plausible. It does not check that a value has the type of its
// column: Firehose's conversion refuses a record with a value of the wrong type.
//
// A file is a step of a record's way:
//
//	event.go      what Firehose sends
//	transform.go  one record after another goes through the steps
//	expand.go     the lines of a pack
//	parse.go      the samples of a record are checked; column.go and limits.go say by which rules
//	enrich.go     a sample gets the transform's columns
//	split.go      a record that cannot be answered as it is becomes smaller packs
//	putback.go    these packs go back onto the stream
//	answer.go     what Firehose gets
//
// The executable is functions/cmd/transform.
package transform

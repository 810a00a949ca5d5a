// Package transform is the Lambda function between Firehose and the lake. It expands packs, checks each sample, adds the time
// columns and names the partition. It does not keep state between invocations. A bad record does not affect the other records.
//
// It refuses a whole record if
//   - the record is not UTF-8 text, is a pack that cannot be expanded, or has no document;
//   - a document is not a JSON object, or has more than 64 levels;
//   - a document of another kind than OTLP/JSON has a key twice, or is larger than 900,000 bytes;
//   - a document's ts is missing, is not a number, has more than 40 characters, is before 2020, is more than [record.MaxAhead] ahead of
//     the clock, or is older than the stack accepts;
//   - a document of OTLP/JSON cannot be read, has no sample, or has metrics of a machine without host.name;
//   - its samples are of more than 24 different hours;
//   - it has to be put back, whole or as smaller packs, and the stream does not take it.
//
// It leaves out single numbers that are not plausible, except in lists. It does not check that a value has the type of its column:
// Firehose's conversion refuses a record with a value of the wrong type.
//
// The files are the steps of a record's way:
//
//	event.go      the event that Firehose sends
//	transform.go  takes each record of the event through the steps
//	expand.go     expands a pack to its lines
//	convert.go    converts OTLP/JSON into samples, see package otlp
//	parse.go      checks the samples, by the rules in column.go and limits.go
//	enrich.go     adds columns to a sample
//	split.go      cuts a record into smaller packs if one answer cannot hold its samples
//	putback.go    puts these packs, and records for which the response has no room, back onto the stream
//	answer.go     the answers for the records, and the response that has them all
//
// The executable is functions/cmd/transform.
package transform

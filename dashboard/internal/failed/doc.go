// Package failed reads the records that Firehose gave up, and sends them again.
//
// Firehose writes them below errors/ in the bucket of the lake. An object there has one JSON document for each record, with the record's
// bytes. The files of this package follow a record's way: storage.go and folder.go list and open objects, entry.go and read.go read
// documents, record.go reads what the record says about itself, selection.go and walk.go choose, state.go notes what was sent,
// replay.go sends, doubt.go settles what a crash left open. Package cloud has the storage in S3 and the delivery stream.
//
// # What a crash can do
//
// Firehose has no request that can be repeated without effect: if a record is put twice, it is delivered twice. So a batch is sent in
// three steps:
//
//  1. The state of the object notes which entries are sent, with an id of the batch.
//  2. PutRecordBatch sends them. The SDK does not repeat the request.
//  3. The state notes which entries Firehose accepted.
//
// If the process dies, or the answer is lost, between the first and the third step, it is not known whether Firehose accepted the batch:
// these entries are in doubt. No later run sends them by itself. A crash leaves at most one batch in doubt, which is at most 500 records
// of one object. All other entries are known to be accepted or not to be sent. So a record is never sent twice unless a person asks for
// it, and never lost: an object stays below errors/ until each of its records is accepted.
//
// The state is an object beside the moved ones, and each change of it is a conditional write. So two runs at the same time send no
// record twice either: a run sends an entry only if its own note of the entry was the first one.
package failed

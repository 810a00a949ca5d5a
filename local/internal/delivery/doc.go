// Package delivery delivers the records of one delivery stream as Amazon Data Firehose does. Each of these files is one step of a
// record's way:
//
//	accept.go     a record is durable in the journal before it is acknowledged
//	buffer.go     records wait for the transform; its results wait for the delivery
//	transform.go  the function is invoked, and its answers are checked
//	commit.go     the objects of a delivery are written, committed and moved to their names
//	convert.go    the data of a partition become a Parquet object
//	failure.go    failed records become the lines of an error object
//
// schedule.go decides when each step is due. engine.go starts and stops the engine.
//
// If AWS does not document a behaviour, a comment says so. Package firehose has the API that puts records. Package template reads the
// description of the stream.
package delivery

// Package delivery is the local Firehose behind its API. It follows a delivery stream of a template. A file is a step of a
// record's way:
//
//	accept.go     a record is durable in the journal before it is acknowledged
//	buffer.go     records wait for the transform; what it returned waits, by partition, for delivery
//	transform.go  the function is invoked, and its answers are checked
//	convert.go    the data of a partition become Parquet
//	failure.go    a record that failed becomes a line of an error object
//	commit.go     objects are written, committed and moved to their names
//
// schedule.go decides when each step is due. engine.go starts and ends them all.
//
// A comment names each behaviour that AWS does not document. The API is package firehose, the template package template.
package delivery

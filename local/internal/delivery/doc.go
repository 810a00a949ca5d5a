// Package delivery is the local Firehose behind its API: it takes records durably, buffers them for the transform, invokes
// it, checks its answers, buffers again by partition, converts to Parquet and writes objects, as the delivery stream of a
// template says. Each stage is one file, in the data's order: engine, invoke, window, flush.
//
// Behaviour that AWS does not document is named where it is decided. It is not the API (package firehose) and not the
// template (package stack).
package delivery

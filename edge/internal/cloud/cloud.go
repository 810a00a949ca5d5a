// Package cloud is the part of AWS that edge uses: the AWS configuration, the SSM parameters in which a stack names its delivery
// stream, and PutRecordBatch. A [Destination] combines them for a running collector. This package sends each request once, and package
// ship decides what to send again. The SDK finds and keeps credentials; this package does not store them.
package cloud

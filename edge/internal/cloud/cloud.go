// Package cloud is the part of AWS that edge uses: the AWS configuration, the SSM parameters in which a stack names its delivery
// stream, and PutRecordBatch. A [Destination] combines them for a running collector. Package ship decides what to send again. This package
// sends a request once, and a second time only if AWS refused its credentials and there are other ones now. The SDK finds and keeps
// credentials; this package does not store them.
package cloud

// Package cloud is AWS as far as edge speaks to it: the AWS configuration, the SSM parameters in which a stack says where to
// send, and PutRecordBatch of the delivery stream. A [Destination] puts them together for a running collector. It sends each
// request once: package ship decides what to send again. It holds no credentials; the SDK does.
package cloud

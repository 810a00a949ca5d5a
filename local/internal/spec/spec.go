// Package spec says what a stack consists of, in the terms of the local stack: delivery streams with their processor, buffers,
// prefixes and table, and SSM parameters. Package template reads it from a CloudFormation template; package stack runs it.
package spec

import "time"

// Stack is one deployed template.
type Stack struct {
	Name      string
	Region    string
	AccountID string
	Streams   []Stream
	// Parameters are the SSM parameters of the template by name.
	Parameters map[string]Parameter
}

// Stream is a Firehose delivery stream: DirectPut to S3.
type Stream struct {
	Name        string
	ARN         string
	RoleARN     string // for information: nothing is authorized locally
	Bucket      string // name, not ARN
	Prefix      string // with its !{…} expressions
	ErrorPrefix string // with its !{…} expressions; empty where the template has none
	// FileExtension is appended to object names; ".parquet" where conversion is on and the template sets none.
	FileExtension string
	Buffering     Buffering
	// Encryption is the stream's encryption at rest, nil if the template asks for none.
	Encryption *Encryption
	// DynamicPartitioning says whether partition keys may be used in Prefix.
	DynamicPartitioning bool
	// Lambda is the transform, nil where the stream has no processor.
	Lambda *Processor
	// Table is what records are converted to Parquet by, nil where conversion is off.
	Table *Table
}

// Encryption is the encryption of a stream at rest. Locally nothing is encrypted; answers say what they would say in AWS.
type Encryption struct {
	KeyType string // AWS_OWNED_CMK or CUSTOMER_MANAGED_CMK
	KeyARN  string // of a CUSTOMER_MANAGED_CMK
}

// Buffering says when a buffer is delivered: at whichever bound is reached first.
type Buffering struct {
	Bytes    int
	Interval time.Duration
}

// Processor is a Lambda processor of a stream.
type Processor struct {
	FunctionARN string
	// Handler is the function's handler, "bootstrap" for the transform.
	Handler string
	// Buffering says when the function is invoked.
	Buffering Buffering
	// Retries is how often a failed invocation is repeated: attempts are one more.
	Retries int
	// Timeout is the function's; MemoryMB its memory size, for information.
	Timeout  time.Duration
	MemoryMB int
	// Environment are the function's environment variables.
	Environment map[string]string
}

// Table is the Glue table that conversion reads its columns from.
type Table struct {
	Database      string
	Name          string
	Location      string // s3://bucket/prefix/
	Columns       []Column
	PartitionKeys []Column
}

// Column is a column of a table, with its Hive type such as "double" or "map<string,string>".
type Column struct {
	Name string
	Type string
}

// Parameter is an SSM parameter.
type Parameter struct {
	Name        string
	Type        string // String or StringList
	Value       string
	Description string
}

// Package spec describes a stack for the local stack: delivery streams with their processor, buffers, prefixes and table, and SSM
// parameters. Package template reads the description from a CloudFormation template; package stack runs it.
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
	RoleARN     string // shown in answers only: the local stack does not check permissions
	Bucket      string // name, not ARN
	Prefix      string // with its !{…} expressions
	ErrorPrefix string // with its !{…} expressions; empty if the template does not set it
	// FileExtension is appended to object names. It is ".parquet" if conversion is on and the template does not set it.
	FileExtension string
	Buffering     Buffering
	// Encryption is the stream's encryption at rest, nil if the template does not ask for it.
	Encryption *Encryption
	// DynamicPartitioning says whether partition keys may be used in Prefix.
	DynamicPartitioning bool
	// Lambda is the transform, nil if the stream does not have a processor.
	Lambda *Processor
	// Table defines the columns of the Parquet objects; nil if conversion is off.
	Table *Table
}

// Encryption is the encryption of a stream at rest. The local stack does not encrypt; its answers are those of AWS.
type Encryption struct {
	KeyType string // AWS_OWNED_CMK or CUSTOMER_MANAGED_CMK
	KeyARN  string // of a CUSTOMER_MANAGED_CMK
}

// Buffering says when a buffer is full: as soon as one of the two bounds is reached.
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
	// Retries is how often a failed invocation is repeated. There are up to Retries + 1 attempts.
	Retries int
	// Timeout and MemoryMB are the function's. The local stack does not limit the memory.
	Timeout  time.Duration
	MemoryMB int
	// Environment are the function's environment variables.
	Environment map[string]string
}

// Table is the Glue table that defines the columns of the conversion.
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

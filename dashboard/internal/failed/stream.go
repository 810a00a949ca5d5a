package failed

import (
	"context"
	"errors"
	"time"
)

// Stream is the delivery stream that gets the records.
type Stream interface {
	// Put sends records as one PutRecordBatch, once. It returns a result for each record: nil means that Firehose accepted it, an error
	// that it did not. If it returns no results, err says why: with [ErrRefused] or [ErrThrottled] in it Firehose accepted no record;
	// with any other error it is not known what it accepted.
	Put(ctx context.Context, records [][]byte) ([]error, error)
}

var (
	// ErrRefused says that Firehose accepted no record of a request.
	ErrRefused = errors.New("the stream refuses the records")
	// ErrThrottled says that Firehose accepted no record of a request, and may do so later.
	ErrThrottled = errors.New("the stream has reached its limit")
	// ErrDoubt says that it is not known whether Firehose accepted a batch.
	ErrDoubt = errors.New("it is not known whether Firehose accepted them")
)

// putTimeout is how long a request may take. An interrupt does not end it before: its records would be in doubt.
const putTimeout = time.Minute

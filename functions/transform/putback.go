package transform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/pause"
)

// Stream puts records onto a delivery stream. An implementation sends the records as one PutRecordBatch and does not retry them.
// The transform keeps within the limits of a batch.
type Stream interface {
	// PutRecordBatch returns the indexes of the records that Firehose rejected. On an error it is unknown which were accepted.
	PutRecordBatch(ctx context.Context, name string, records [][]byte) (rejected []int, err error)
}

const (
	// putAttempts is how often a pack is put before its record fails. Firehose then keeps the record under the error prefix.
	putAttempts = 8
	// The wait before attempt n, which counts from 0, is random: below backoffBase times 2 to the power n, and below backoffCap.
	backoffBase = 100 * time.Millisecond
	backoffCap  = 5 * time.Second
	// responseMargin is the part of the invocation's time that is kept for the response.
	responseMargin = 2 * time.Second
)

// putBack puts the packs of all records in v.back onto the stream of that name. It answers a record with Dropped if each of its packs
// was accepted. Otherwise the whole record fails, and Firehose keeps it under the error prefix. If somebody replays it later, the samples
// that were accepted are duplicates.
func (v *invocation) putBack(ctx context.Context, name string) {
	var entries []entry
	for _, back := range v.back {
		for _, pack := range back.packs {
			entries = append(entries, entry{index: back.index, pack: pack})
		}
	}
	left, err := v.send(ctx, name, entries)
	errs := map[int]error{}
	for _, e := range left {
		errs[e.index] = fmt.Errorf("put back onto %s: %w", name, err)
	}
	for _, back := range v.back {
		if err := cmp.Or(back.err, errs[back.index]); err != nil {
			v.fail(ctx, back.index, err)
			continue
		}
		v.answers[back.index] = answer{status: Dropped}
		v.logLeftOut(ctx, back.index, back.leftOut)
	}
}

// entry is a pack of a record that goes back.
type entry struct {
	index int // of the record in the event
	pack  []byte
}

// errRejected says that Firehose took a batch but rejected some of its records.
var errRejected = errors.New("some records of the batch were rejected")

// send puts entries and retries those that were not accepted. It returns the entries that are left, with the last error.
func (v *invocation) send(ctx context.Context, name string, entries []entry) (left []entry, err error) {
	if len(entries) == 0 {
		return nil, nil
	}
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-responseMargin))
		defer cancel()
	}
	for attempt := range putAttempts {
		if attempt > 0 && pause.For(ctx, rand.N(min(backoffCap, backoffBase<<attempt))) != nil { // full jitter
			break
		}
		if entries, err = v.sendOnce(ctx, name, entries); len(entries) == 0 {
			return nil, nil
		}
	}
	return entries, err
}

// sendOnce puts each entry once, in batches, and returns those that were not accepted.
func (v *invocation) sendOnce(ctx context.Context, name string, entries []entry) (left []entry, err error) {
	for len(entries) > 0 {
		n, size := 0, 0
		records := make([][]byte, 0, min(len(entries), record.MaxBatchRecords))
		for n < len(entries) && n < record.MaxBatchRecords && (n == 0 || size+len(entries[n].pack) <= record.MaxBatchBytes) {
			records = append(records, entries[n].pack)
			size += len(entries[n].pack)
			n++
		}
		rejected, putErr := v.stream.PutRecordBatch(ctx, name, records)
		if putErr != nil {
			left, err = append(left, entries[:n]...), putErr
		}
		for _, i := range rejected {
			left, err = append(left, entries[i]), errRejected
		}
		entries = entries[n:]
	}
	return left, err
}

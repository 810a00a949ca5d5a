package transform

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Stream puts records onto a delivery stream. An implementation sends what it is given as one PutRecordBatch and does not
// retry entries; the transform keeps within the limits of a batch.
type Stream interface {
	// PutRecordBatch returns the indexes of the entries that were not accepted, or an error where none may have been.
	PutRecordBatch(ctx context.Context, stream string, records [][]byte) (failed []int, err error)
}

// Limits of PutRecordBatch, from the Firehose quotas page: "up to 500 records per call or 4 MiB per call".
const (
	maxBatchRecords = record.MaxBatchRecords
	maxBatchBytes   = record.MaxBatchBytes
)

const (
	// putAttempts is how often an entry is tried before its record is given up as failed. Firehose keeps the bytes then.
	putAttempts = 8
	// backoffBase and backoffCap bound the full-jitter wait between attempts.
	backoffBase = 100 * time.Millisecond
	backoffCap  = 5 * time.Second
	// answerMargin is what is left of the invocation's time when putting back ends, for the answer to get out.
	answerMargin = 2 * time.Second
)

// putBack sends what goes back, and answers Dropped for the records of which every pack was accepted. One that was accepted
// in part fails as a whole: its bytes are kept under the error prefix, and a later replay gives duplicates, not a loss.
func (v *invocation) putBack(ctx context.Context, stream string) {
	var entries []entry
	for _, back := range v.back {
		for _, pack := range back.packs {
			entries = append(entries, entry{record: back.record, data: pack})
		}
	}
	left, err := v.send(ctx, stream, entries)
	failed := map[int]error{}
	for _, e := range left {
		failed[e.record] = fmt.Errorf("put back onto %s: %w", stream, err)
	}
	for _, back := range v.back {
		if err := cmp.Or(back.err, failed[back.record]); err != nil {
			v.fail(ctx, back.record, err)
			continue
		}
		v.answers[back.record] = answer{status: Dropped}
	}
}

type entry struct {
	record int
	data   []byte
}

// errNotAccepted stands for entries that Firehose refused one by one.
var errNotAccepted = errors.New("entries were not accepted")

// send puts entries, retrying those that failed, and returns those left with the last error.
func (v *invocation) send(ctx context.Context, stream string, entries []entry) (left []entry, err error) {
	if len(entries) == 0 {
		return nil, nil
	}
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-answerMargin))
		defer cancel()
	}
	for attempt := range putAttempts {
		if attempt > 0 && !wait(ctx, attempt) {
			break
		}
		if entries, err = v.sendOnce(ctx, stream, entries); len(entries) == 0 {
			return nil, nil
		}
	}
	return entries, err
}

// sendOnce puts each entry once and returns those that were not accepted.
func (v *invocation) sendOnce(ctx context.Context, stream string, entries []entry) (left []entry, err error) {
	for len(entries) > 0 {
		n, size := 0, 0
		records := make([][]byte, 0, min(len(entries), maxBatchRecords))
		for n < len(entries) && n < maxBatchRecords && (n == 0 || size+len(entries[n].data) <= maxBatchBytes) {
			records = append(records, entries[n].data)
			size += len(entries[n].data)
			n++
		}
		failed, putErr := v.stream.PutRecordBatch(ctx, stream, records)
		if putErr != nil {
			left, err = append(left, entries[:n]...), putErr
		}
		for _, i := range failed {
			left, err = append(left, entries[i]), errNotAccepted
		}
		entries = entries[n:]
	}
	return left, err
}

// wait waits with full jitter before an attempt; false means that no time is left for it.
func wait(ctx context.Context, attempt int) bool {
	limit := min(backoffCap, backoffBase<<attempt)
	timer := time.NewTimer(rand.N(limit))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

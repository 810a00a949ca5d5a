package delivery

import (
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
)

// processorBuffer holds the records of the next invocation.
type processorBuffer struct {
	entries []journal.Entry
	size    int       // of their data, in bytes
	since   time.Time // when the first of them was read
}

func (b *processorBuffer) add(entry journal.Entry, now time.Time) {
	if len(b.entries) == 0 {
		b.since = now
	}
	b.entries = append(b.entries, entry)
	b.size += len(entry.Data)
}

// take empties the buffer.
func (b *processorBuffer) take() []journal.Entry {
	entries := b.entries
	b.entries, b.size = nil, 0
	return entries
}

// MaxPartitions is how many partitions a delivery buffer holds: Firehose's default quota of active partitions.
const MaxPartitions = 500

// deliveryBuffer holds what the transform returned since the last delivery.
type deliveryBuffer struct {
	partitions map[string]*partition // by evaluated prefix
	failures   []failedRecord
	size       int       // in bytes: of the data before conversion, and failureBytes for each failed record
	since      time.Time // when the first outcome came; zero before that
	upto       uint64    // the highest sequence number given to add
}

// partition holds the data of one object.
type partition struct {
	payloads []payload
	arrival  time.Time // of the oldest record
}

// payload is the data of one record after the transform.
type payload struct {
	seq     uint64
	arrival time.Time
	data    []byte
}

// failedRecord becomes a line of an error object. Its bytes are read from the journal when the line is written.
type failedRecord struct {
	seq     uint64
	arrival time.Time
	failure failure
}

func newDeliveryBuffer() *deliveryBuffer {
	return &deliveryBuffer{partitions: map[string]*partition{}}
}

// add adds the outcomes of an invocation. The buffer then owns their data.
func (b *deliveryBuffer) add(outcomes []outcome, now time.Time) {
	if b.since.IsZero() {
		b.since = now
	}
	for _, o := range outcomes {
		b.upto = max(b.upto, o.entry.Seq)
		switch {
		case o.failure != nil:
			b.addFailure(o.entry, *o.failure)
		case o.data != nil:
			b.addPayload(o, now)
		}
	}
}

func (b *deliveryBuffer) addPayload(o outcome, now time.Time) {
	arrival := o.entry.Arrival
	p := b.partitions[o.prefix]
	if p == nil {
		if len(b.partitions) == MaxPartitions {
			b.addFailure(o.entry, failure{
				errorType: typePartitions, code: codePartitions, attempts: 1, at: now,
				message: "The number of active partitions has exceeded the configured limit",
			})
			return
		}
		p = &partition{arrival: arrival}
		b.partitions[o.prefix] = p
	}
	if arrival.Before(p.arrival) {
		p.arrival = arrival
	}
	p.payloads = append(p.payloads, payload{seq: o.entry.Seq, arrival: arrival, data: o.data})
	b.size += len(o.data)
}

// failureBytes is roughly the memory that a failed record takes. It counts towards the size, so that failed records fill the buffer too.
const failureBytes = 256

func (b *deliveryBuffer) addFailure(entry journal.Entry, f failure) {
	b.failures = append(b.failures, failedRecord{entry.Seq, entry.Arrival, f})
	b.size += failureBytes
}

package delivery

import (
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/journal"
)

// MaxPartitions is Firehose's default quota of active partitions in a delivery buffer.
const MaxPartitions = 500

// window is the delivery buffer: what was transformed since the last delivery, by partition.
type window struct {
	partitions map[string]*partition // by evaluated prefix
	failures   []failed
	size       int       // bytes of data, before conversion
	since      time.Time // when the first record came; zero while there is none
	upto       uint64    // the last record that is in here, or was dropped
}

// partition is what one object is made of.
type partition struct {
	items   []item
	arrival time.Time // of the oldest record
}

// item is a record's data, after the transform.
type item struct {
	seq     uint64
	arrival time.Time
	data    []byte
}

// failed is a record that goes under the error prefix; its bytes are still in the journal.
type failed struct {
	seq     uint64
	arrival time.Time
	failure failure
}

func newWindow() *window { return &window{partitions: map[string]*partition{}} }

// add takes the outcomes of records, and their data with them.
func (w *window) add(outcomes []outcome, now time.Time) {
	if w.since.IsZero() {
		w.since = now
	}
	for _, o := range outcomes {
		w.upto = max(w.upto, o.entry.Seq)
		switch {
		case o.failure != nil:
			w.fail(o.entry, *o.failure)
		case o.data != nil:
			w.place(o, now)
		}
	}
}

func (w *window) place(o outcome, now time.Time) {
	arrival := o.entry.Arrival
	p := w.partitions[o.prefix]
	if p == nil {
		if len(w.partitions) == MaxPartitions {
			w.fail(o.entry, failure{
				errorType: typePartitions, code: codePartitions, attempts: 1, at: now,
				message: "The number of active partitions has exceeded the configured limit",
			})
			return
		}
		p = &partition{arrival: arrival}
		w.partitions[o.prefix] = p
	}
	if arrival.Before(p.arrival) {
		p.arrival = arrival
	}
	p.items = append(p.items, item{seq: o.entry.Seq, arrival: arrival, data: o.data})
	w.size += len(o.data)
}

// failureSize is about what a failure takes in memory: its bytes are read from the journal when it is written.
const failureSize = 256

func (w *window) fail(entry journal.Entry, f failure) {
	w.failures = append(w.failures, failed{entry.Seq, entry.Arrival, f})
	w.size += failureSize
}

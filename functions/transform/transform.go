package transform

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// MaxResponse bounds the response in bytes. Lambda allows 6 MiB = 6,291,456 for a synchronous answer; AWS's own Firehose
// blueprints stop at 6,000,000 for headroom, and so does this.
const MaxResponse = 6_000_000

// maxRecordOutput bounds what one record may expand to in the response. A larger record is split. It is well below
// [MaxResponse], so that a record put back because a response was full fits into the next one: nothing circles forever.
const maxRecordOutput = 2_000_000

// Options are the surroundings of a [Transformer].
type Options struct {
	// Stream takes back what one answer cannot hold. Required.
	Stream Stream
	// MaxAge is how old a sample may be; default [record.DefaultMaxAge].
	MaxAge time.Duration
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Log gets a line for each refused record; default slog.Default.
	Log *slog.Logger
}

// Transformer answers events. It is safe for concurrent use.
type Transformer struct {
	stream  Stream
	maxAge  time.Duration
	now     func() time.Time
	log     *slog.Logger
	scratch sync.Pool
}

// New returns a transformer.
func New(o Options) *Transformer {
	t := &Transformer{stream: o.Stream, maxAge: o.MaxAge, now: o.Now, log: o.Log}
	if t.now == nil {
		t.now = time.Now
	}
	if t.log == nil {
		t.log = slog.Default()
	}
	// This gzip (BSD-3, widely used) expands packs in two thirds of the time that compress/gzip takes: BenchmarkInflate.
	t.scratch.New = func() any {
		return &scratch{reader: record.PackReader{Gzip: new(gzip.Reader)}, walker: jsonscan.NewWalker(meaning)}
	}
	return t
}

// Invoke answers an event as Lambda hands it over; it makes a Transformer a lambda.Handler. Going around lambda.Start saves
// a second pass of encoding/json over a response of up to 6 MB.
func (t *Transformer) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var ev Event
	if err := json.Unmarshal(payload, &ev); err != nil {
		return nil, fmt.Errorf("read Firehose event: %w", err)
	}
	r, err := t.Handle(ctx, ev)
	if err != nil {
		return nil, err
	}
	return r.MarshalJSON()
}

// Handle answers an event: one result per record, in order. A record that cannot be used is [ProcessingFailed], with its
// reason in the log; Firehose then keeps its original bytes under the error prefix. Handle itself gives no error.
func (t *Transformer) Handle(ctx context.Context, ev Event) (Response, error) {
	s := t.scratch.Get().(*scratch)
	defer t.scratch.Put(s)
	b := newBatch(t, s, ev)
	for i := range ev.Records {
		b.record(ctx, i)
	}
	b.putBack(ctx, streamName(ev.DeliveryStreamARN))
	r := b.response()
	t.log.LogAttrs(ctx, slog.LevelDebug, "transformed", slog.Int("records", len(ev.Records)),
		slog.Int("samples", b.samples), slog.Int("put_back", len(b.back)), slog.Int("failed", b.failed))
	return r, nil
}

// streamName returns the name in arn:aws:firehose:region:account:deliverystream/name.
func streamName(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// batch is the work on one event.
type batch struct {
	*Transformer
	*scratch
	event    Event
	now      time.Time
	enricher *record.Enricher
	size     int // of the response so far, an empty answer counted for every record
	answers  []answer
	back     []putBack
	samples  int // enriched
	failed   int // records
}

// answer is what a record is answered with; data and hour are of [OK] ones.
type answer struct {
	status Status
	data   []byte
	hour   record.Hour
}

func newBatch(t *Transformer, s *scratch, ev Event) *batch {
	now := t.now()
	b := &batch{
		Transformer: t, scratch: s, event: ev, now: now,
		enricher: record.NewEnricher(now),
		size:     len(`{"records":[]}`),
		answers:  make([]answer, len(ev.Records)),
	}
	for i := range ev.Records {
		b.size += emptyAnswerLen + idLen(ev.Records[i].RecordID)
	}
	return b
}

// record works on one record and notes its answer, or what has to be put back before it can be answered.
func (b *batch) record(ctx context.Context, i int) {
	data := b.event.Records[i].Data
	p, err := b.parse(data)
	encoded := base64.StdEncoding.EncodedLen(len(p.out)) + metadataLen
	switch {
	case err != nil:
		b.fail(ctx, i, err)
	case p.split:
		b.back = append(b.back, b.split(i, p))
	case b.size+encoded > MaxResponse:
		b.back = append(b.back, putBack{record: i, packs: [][]byte{data}})
	default:
		b.size += encoded
		b.samples += len(p.docs)
		b.answers[i] = answer{status: OK, data: p.out, hour: p.docs[0].hour}
	}
}

func (b *batch) fail(ctx context.Context, i int, err error) {
	b.failed++
	b.answers[i] = answer{status: ProcessingFailed}
	b.log.LogAttrs(ctx, slog.LevelWarn, "record refused",
		slog.String("record_id", b.event.Records[i].RecordID), slog.Int("bytes", len(b.event.Records[i].Data)),
		slog.String("reason", err.Error()))
}

// response puts the answers together.
func (b *batch) response() Response {
	results := make([]Result, len(b.answers))
	var metadata *Metadata
	var hour record.Hour
	for i, a := range b.answers {
		results[i] = Result{RecordID: b.event.Records[i].RecordID, Result: a.status, Data: a.data}
		if a.status != OK {
			results[i].Data = []byte{}
			continue
		}
		if metadata == nil || a.hour != hour { // neighbours share an hour, and so the map
			metadata, hour = &Metadata{PartitionKeys: a.hour.Partition().Map()}, a.hour
		}
		results[i].Metadata = metadata
	}
	return Response{Records: results}
}

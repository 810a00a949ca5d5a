package transform

import (
	"cmp"
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

// Options of a [Transformer].
type Options struct {
	// Stream takes back the records that a response cannot hold. Required.
	Stream Stream
	// MaxAge is how old a sample may be; default [record.DefaultMaxAge].
	MaxAge time.Duration
	// Now is the clock; default time.Now.
	Now func() time.Time
	// Log gets a line for each record that is refused, a line for each one that is delivered without some of its values, and at the level
	// Debug a line for each event; default slog.Default.
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
	t := &Transformer{stream: o.Stream, maxAge: cmp.Or(o.MaxAge, record.DefaultMaxAge), now: o.Now, log: o.Log}
	if t.now == nil {
		t.now = time.Now
	}
	if t.log == nil {
		t.log = slog.Default()
	}
	// This gzip library (BSD-3, widely used) expands packs in two thirds of the time of compress/gzip: see BenchmarkInflate.
	t.scratch.New = func() any {
		return &scratch{packs: record.PackReader{Gzip: new(gzip.Reader)}, reader: newReader()}
	}
	return t
}

// Invoke answers an event in JSON. It makes a Transformer a lambda.Handler. If Lambda's library called Handle, it would pass the
// response to encoding/json, which checks and copies the up to 6 MB that [Response.MarshalJSON] has written.
func (t *Transformer) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var ev Event
	if err := json.Unmarshal(payload, &ev); err != nil {
		return nil, fmt.Errorf("read the event of Firehose as JSON: %w", err)
	}
	r, err := t.Handle(ctx, ev)
	if err != nil {
		return nil, err
	}
	return r.MarshalJSON()
}

// Handle answers an event with one result for each record, in order. It answers a record that it refuses with [ProcessingFailed] and
// logs the reason; Firehose then keeps the original bytes under the error prefix. The error is always nil.
func (t *Transformer) Handle(ctx context.Context, ev Event) (Response, error) {
	s := t.scratch.Get().(*scratch)
	defer t.scratch.Put(s)
	v := t.newInvocation(s, ev)
	for i := range ev.Records {
		v.handle(ctx, i)
	}
	v.putBack(ctx, streamNameOf(ev.DeliveryStreamARN))
	r := v.response()
	t.log.LogAttrs(ctx, slog.LevelDebug, "transformed", slog.Int("records", len(ev.Records)),
		slog.Int("samples", v.samples), slog.Int("put_back", len(v.back)), slog.Int("failed", v.failedRecords))
	return r, nil
}

// streamNameOf returns the name in arn:aws:firehose:region:account:deliverystream/name.
func streamNameOf(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// scratch is memory that is reused by later invocations.
type scratch struct {
	packs  record.PackReader
	reader *jsonscan.Reader
	pack   record.PackWriter
	lines  []byte
	made   []byte // text of a record after its OTLP/JSON became lines of samples
	docs   []document
	hours  hourSet
}

// invocation is the work on one event.
type invocation struct {
	*scratch
	stream        Stream
	log           *slog.Logger
	event         Event
	now           time.Time
	maxAge        time.Duration
	enricher      *record.Enricher
	responseBytes int // of the answers so far; it includes an empty answer for each record from the start
	answers       []answer
	back          []toPutBack
	samples       int // in answers
	failedRecords int
}

func (t *Transformer) newInvocation(s *scratch, ev Event) *invocation {
	now := t.now()
	return &invocation{
		scratch: s, stream: t.stream, log: t.log, event: ev, now: now, maxAge: t.maxAge,
		enricher:      record.NewEnricher(now),
		responseBytes: emptyResponseLen(ev),
		answers:       make([]answer, len(ev.Records)),
	}
}

// handle works on one record. It notes the record's answer, or the packs that have to be put back before it can be answered.
func (v *invocation) handle(ctx context.Context, i int) {
	data := v.event.Records[i].Data
	text, err := v.expand(data)
	if err != nil {
		v.fail(ctx, i, err)
		return
	}
	from, err := v.convert(text)
	if err != nil {
		v.fail(ctx, i, err)
		return
	}
	c, err := v.parse(from)
	if err != nil {
		v.fail(ctx, i, err)
		return
	}
	encoded := base64.StdEncoding.EncodedLen(len(c.out)) + metadataLen
	switch {
	case c.split:
		back := v.split(i, c)
		back.leftOut.add(from.absent...) // the packs do not say what their samples lack; numbers out of their range are still in them
		v.back = append(v.back, back)
	case v.responseBytes+encoded > MaxResponse:
		v.back = append(v.back, toPutBack{index: i, packs: [][]byte{data}})
	default:
		v.responseBytes += encoded
		v.samples += len(c.docs)
		v.answers[i] = answer{status: OK, data: c.out, hour: c.docs[0].hour}
		c.leftOut.add(from.absent...)
		v.logLeftOut(ctx, i, c.leftOut)
	}
}

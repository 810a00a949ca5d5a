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
	t := &Transformer{stream: o.Stream, maxAge: cmp.Or(o.MaxAge, record.DefaultMaxAge), now: o.Now, log: o.Log}
	if t.now == nil {
		t.now = time.Now
	}
	if t.log == nil {
		t.log = slog.Default()
	}
	// This gzip (BSD-3, widely used) expands packs in two thirds of the time that compress/gzip takes: BenchmarkInflate.
	t.scratch.New = func() any {
		return &scratch{packs: record.PackReader{Gzip: new(gzip.Reader)}, reader: newReader()}
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
	v := t.newInvocation(s, ev)
	for i := range ev.Records {
		v.handle(ctx, i)
	}
	v.putBack(ctx, streamName(ev.DeliveryStreamARN))
	r := v.response()
	t.log.LogAttrs(ctx, slog.LevelDebug, "transformed", slog.Int("records", len(ev.Records)),
		slog.Int("samples", v.samples), slog.Int("put_back", len(v.back)), slog.Int("failed", v.failed))
	return r, nil
}

// streamName returns the name in arn:aws:firehose:region:account:deliverystream/name.
func streamName(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// scratch is memory that one invocation after another uses.
type scratch struct {
	packs  record.PackReader
	reader *jsonscan.Reader
	pack   record.PackWriter
	lines  []byte
	docs   []document
	hours  hourSet
}

// invocation is the work on one event.
type invocation struct {
	*scratch
	stream   Stream
	log      *slog.Logger
	event    Event
	now      time.Time
	maxAge   time.Duration
	enricher *record.Enricher
	size     int // of the response so far, an empty answer counted for every record
	answers  []answer
	back     []returned
	samples  int // enriched
	failed   int // records
}

func (t *Transformer) newInvocation(s *scratch, ev Event) *invocation {
	now := t.now()
	return &invocation{
		scratch: s, stream: t.stream, log: t.log, event: ev, now: now, maxAge: t.maxAge,
		enricher: record.NewEnricher(now),
		size:     emptyResponseLen(ev),
		answers:  make([]answer, len(ev.Records)),
	}
}

// handle works on one record and notes its answer, or what has to be put back before it can be answered.
func (v *invocation) handle(ctx context.Context, i int) {
	data := v.event.Records[i].Data
	text, err := v.expand(data)
	if err != nil {
		v.fail(ctx, i, err)
		return
	}
	c, err := v.parse(text)
	if err != nil {
		v.fail(ctx, i, err)
		return
	}
	encoded := base64.StdEncoding.EncodedLen(len(c.out)) + metadataLen
	switch {
	case c.split:
		v.back = append(v.back, v.split(i, c))
	case v.size+encoded > MaxResponse:
		v.back = append(v.back, returned{record: i, packs: [][]byte{data}})
	default:
		v.size += encoded
		v.samples += len(c.docs)
		v.answers[i] = answer{status: OK, data: c.out, hour: c.docs[0].hour}
		v.leftOut(ctx, i, c)
	}
}

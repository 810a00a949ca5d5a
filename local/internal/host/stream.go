package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path"
	"runtime"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/delivery"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/firehose"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/lambdaruntime"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/stack"
)

// stream is a delivery stream and the engine behind it. Engine and transform need each other, the one to process and the
// other to put back; who comes early waits until the engine is open.
type stream struct {
	description stack.Stream
	opened      chan struct{}
	engine      *delivery.Engine
	runtime     io.Closer // of the transform's process; nil where there is none
}

func (t *stream) open(ctx context.Context, endpoint, key string, s stack.Stack, o Options) error {
	invoker, err := t.invoker(ctx, endpoint, key, s, o)
	if err != nil {
		return err
	}
	engine, err := delivery.Open(o.Dir, t.description, invoker, delivery.Options{
		FlushEvery: o.FlushEvery, JournalBytes: o.JournalBytes, Region: s.Region, Log: o.Log,
	})
	if err != nil {
		return err
	}
	t.engine = engine
	close(t.opened)
	return nil
}

// invoker is who runs the transform; nil where the stream has none.
func (t *stream) invoker(ctx context.Context, endpoint, key string, s stack.Stack, o Options) (delivery.Invoker, error) {
	l := t.description.Lambda
	switch {
	case l == nil && o.Transform != "":
		return nil, fmt.Errorf("--transform %s: stream %s of the template has no Lambda processor", o.Transform, t.description.Name)
	case l == nil:
		return nil, nil
	case o.Transform == "":
		maxAge, err := transform.MaxAge(func(name string) string { return l.Environment[name] })
		if err != nil {
			return nil, fmt.Errorf("environment of function %s: %w", functionName(l.FunctionARN), err)
		}
		return inProcess{transform.New(transform.Options{Stream: putBack{t}, MaxAge: maxAge, Log: o.Log})}, nil
	}
	r, err := lambdaruntime.New(ctx, lambdaruntime.Function{
		Path: o.Transform, ARN: l.FunctionARN, Name: functionName(l.FunctionARN), Handler: l.Handler, Region: s.Region,
		Timeout: l.Timeout, MemoryMB: l.MemoryMB, Environment: l.Environment, Endpoint: endpoint, AccessKeyID: key,
	}, lambdaruntime.Options{
		Concurrency: runtime.GOMAXPROCS(0),
		Log:         o.Log.With(slog.String("function", path.Base(o.Transform))),
	})
	if err != nil {
		return nil, fmt.Errorf("--transform %s: %w", o.Transform, err)
	}
	t.runtime = r
	return r, nil
}

// functionName takes the name out of arn:aws:lambda:region:account:function:name[:qualifier].
func functionName(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) > 6 {
		return parts[6]
	}
	return arn
}

// Put hands records to the engine.
func (t *stream) Put(ctx context.Context, records [][]byte) error {
	select {
	case <-t.opened:
	case <-ctx.Done():
		return ctx.Err()
	}
	err := t.engine.Put(ctx, records)
	if errors.Is(err, delivery.ErrFull) {
		return fmt.Errorf("%w: %w", firehose.ErrBusy, err)
	}
	return err
}

func (t *stream) close() error {
	var errs []error
	if t.engine != nil {
		errs = append(errs, t.engine.Close())
	}
	if t.runtime != nil {
		errs = append(errs, t.runtime.Close())
	}
	return errors.Join(errs...)
}

// inProcess invokes the transform as a function call.
type inProcess struct{ transformer *transform.Transformer }

func (i inProcess) Invoke(ctx context.Context, ev transform.Event) (transform.Response, error) {
	return i.transformer.Handle(ctx, ev)
}

// putBack puts what the transform splits back onto its stream.
type putBack struct{ stream *stream }

func (p putBack) PutRecordBatch(ctx context.Context, _ string, records [][]byte) (failed []int, err error) {
	return nil, p.stream.Put(ctx, records)
}

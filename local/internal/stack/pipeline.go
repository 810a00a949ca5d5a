package stack

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
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
)

// pipeline runs one delivery stream: its engine and its transform. The engine invokes the transform, and the transform puts records
// back into the engine. A put waits until the engine is open.
type pipeline struct {
	stream  spec.Stream
	opened  chan struct{}
	engine  *delivery.Engine
	runtime io.Closer // runs the transform's executable; nil if the transform runs in this process
}

func (p *pipeline) open(ctx context.Context, endpoint, key string, description spec.Stack, o Options) error {
	invoker, err := p.invoker(ctx, endpoint, key, description, o)
	if err != nil {
		return err
	}
	engine, err := delivery.Open(o.Dir, p.stream, invoker, delivery.Options{
		FlushEvery: o.FlushEvery, JournalBytes: o.JournalBytes, Region: description.Region, Log: o.Log,
	})
	if err != nil {
		return err
	}
	p.engine = engine
	close(p.opened)
	return nil
}

// invoker returns the invoker of the transform, nil if the stream does not have one.
func (p *pipeline) invoker(ctx context.Context, endpoint, key string, description spec.Stack, o Options) (delivery.Invoker, error) {
	l := p.stream.Lambda
	switch {
	case l == nil && o.Transform != "":
		return nil, fmt.Errorf("--transform %s: stream %s of the template does not have a Lambda processor; leave the flag out",
			o.Transform, p.stream.Name)
	case l == nil:
		return nil, nil
	case o.Transform == "":
		maxAge, err := transform.MaxAge(func(name string) string { return l.Environment[name] })
		if err != nil {
			return nil, fmt.Errorf("environment of function %s: %w", functionName(l.FunctionARN), err)
		}
		return inProcess{transform.New(transform.Options{Stream: putBack{p}, MaxAge: maxAge, Log: o.Log})}, nil
	}
	r, err := lambdaruntime.New(ctx, lambdaruntime.Function{
		Path: o.Transform, ARN: l.FunctionARN, Name: functionName(l.FunctionARN), Handler: l.Handler, Region: description.Region,
		Timeout: l.Timeout, MemoryMB: l.MemoryMB, Environment: l.Environment, Endpoint: endpoint, AccessKeyID: key,
	}, lambdaruntime.Options{
		Concurrency: runtime.GOMAXPROCS(0),
		Log:         o.Log.With(slog.String("function", path.Base(o.Transform))),
	})
	if err != nil {
		return nil, fmt.Errorf("--transform %s: %w", o.Transform, err)
	}
	p.runtime = r
	return r, nil
}

// functionName returns the name in arn:aws:lambda:region:account:function:name[:qualifier].
func functionName(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) > 6 {
		return parts[6]
	}
	return arn
}

// Put puts records into the engine.
func (p *pipeline) Put(ctx context.Context, records [][]byte) error {
	select {
	case <-p.opened:
	case <-ctx.Done():
		return ctx.Err()
	}
	err := p.engine.Put(ctx, records)
	if errors.Is(err, delivery.ErrFull) {
		return fmt.Errorf("%w: %w", firehose.ErrBusy, err)
	}
	return err
}

func (p *pipeline) close() error {
	var errs []error
	if p.engine != nil {
		errs = append(errs, p.engine.Close())
	}
	if p.runtime != nil {
		errs = append(errs, p.runtime.Close())
	}
	return errors.Join(errs...)
}

// inProcess invokes the transform by a function call.
type inProcess struct{ transformer *transform.Transformer }

func (i inProcess) Invoke(ctx context.Context, ev transform.Event) (transform.Response, error) {
	return i.transformer.Handle(ctx, ev)
}

// putBack puts records of the transform back onto its stream.
type putBack struct{ pipeline *pipeline }

func (b putBack) PutRecordBatch(ctx context.Context, _ string, records [][]byte) (rejected []int, err error) {
	return nil, b.pipeline.Put(ctx, records)
}

// Package stack runs a stack in this process: one endpoint that serves Firehose and SSM, and for each delivery stream a delivery
// engine and the transform. It only connects these parts. Package spec describes the stack to run.
package stack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/awsjson"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/delivery"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/fault"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/firehose"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/ssm"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/durable"
)

// Options of a [Stack].
type Options struct {
	// Dir is the directory for objects, undelivered records and the parameters that users put. Start creates it if it is missing.
	Dir string
	// Listen is the address of the endpoint; port 0 means any free port. An address that is not of the loopback interface needs
	// AllowRemote.
	Listen      string
	AllowRemote bool
	// Transform is the path of the transform's executable. If it is empty the transform runs in this process.
	Transform string
	// FlushEvery shortens the buffering of the template; 0 means the template's.
	FlushEvery time.Duration
	// JournalBytes bounds the records that wait for delivery, in bytes.
	JournalBytes int64
	Faults       fault.Rates
	FaultSeed    uint64
	Log          *slog.Logger
}

// parametersFile keeps the parameters that users put. Readers of the lake ignore names that begin with a dot.
const parametersFile = ".parameters.json"

// Stack is a running stack.
type Stack struct {
	description spec.Stack
	log         *slog.Logger
	address     net.Addr
	gate        *gate
	server      *http.Server
	served      chan error
	pipelines   []*pipeline // one for each delivery stream
}

// Start runs a stack. Its endpoint answers when Start returns.
func Start(ctx context.Context, description spec.Stack, o Options) (_ *Stack, err error) {
	if err := durable.MkdirAll(o.Dir, 0o755, durable.SyncDir); err != nil {
		return nil, fmt.Errorf("make the directory for objects: %w", err)
	}
	listener, err := listen(ctx, o)
	if err != nil {
		return nil, err
	}
	s := &Stack{description: description, log: o.Log, address: listener.Addr(), served: make(chan error, 1)}
	defer func() {
		if err != nil {
			_ = listener.Close() // fails if the server has closed it
			err = errors.Join(err, s.closePipelines())
		}
	}()
	parameters, err := ssm.Open(description, filepath.Join(o.Dir, parametersFile))
	if err != nil {
		return nil, err
	}
	// The endpoint recognizes the stack's own function by this key. The key only allows to put records while the stack stops.
	key := "LOCAL" + rand.Text()
	faults := fault.New(o.Faults, o.FaultSeed)
	handler := awsjson.Inject(awsjson.NewHandler(s.operations(faults, parameters), o.Log), faults)
	s.gate = newGate(handler, key, o.AllowRemote)
	// The function may call the endpoint as soon as a stream is open.
	s.serve(listener)
	for _, p := range s.pipelines {
		if err := p.open(ctx, s.Endpoint(), key, description, o); err != nil {
			return nil, errors.Join(err, s.server.Close())
		}
	}
	return s, nil
}

// operations returns the operations of all services.
func (s *Stack) operations(faults *fault.Injector, parameters *ssm.Service) awsjson.Operations {
	var targets []firehose.Target
	for _, stream := range s.description.Streams {
		p := &pipeline{stream: stream, opened: make(chan struct{})}
		s.pipelines = append(s.pipelines, p)
		targets = append(targets, firehose.Target{Stream: stream, Putter: p})
	}
	operations := firehose.New(s.description.AccountID, targets, faults).Operations()
	for target, operation := range parameters.Operations() {
		operations[target] = operation
	}
	return operations
}

// Timeouts of a connection. They free the memory and the connection of a slow client.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	idleTimeout   = 5 * time.Minute
)

func (s *Stack) serve(listener net.Listener) {
	s.server = &http.Server{
		Handler: s.gate, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	go func() { s.served <- s.server.Serve(listener) }()
}

// Endpoint returns the URL of the services, as AWS_ENDPOINT_URL needs it.
func (s *Stack) Endpoint() string {
	address := s.address.String()
	if tcp, ok := s.address.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		address = net.JoinHostPort("127.0.0.1", fmt.Sprint(tcp.Port))
	}
	return "http://" + address
}

// Environment returns the variables by which an AWS SDK finds the endpoint. The endpoint accepts any credentials. The region has two
// names because boto3 and version 1 of the CLI read only AWS_DEFAULT_REGION.
func (s *Stack) Environment() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + s.Endpoint(),
		"AWS_REGION=" + s.description.Region,
		"AWS_DEFAULT_REGION=" + s.description.Region,
		"AWS_ACCESS_KEY_ID=local",
		"AWS_SECRET_ACCESS_KEY=local",
	}
}

// ParameterPath returns the path of the parameters that tell a collector where to send. It is empty if the template does not have them.
func (s *Stack) ParameterPath() string {
	var paths []string
	for name := range s.description.Parameters {
		if path.Base(name) == record.ParameterStream {
			paths = append(paths, path.Dir(name))
		}
	}
	if len(paths) == 0 {
		return ""
	}
	return slices.Min(paths)
}

// Stats sums the counters of all streams.
func (s *Stack) Stats() delivery.Stats {
	var sum delivery.Stats
	for _, p := range s.pipelines {
		one := p.engine.Stats()
		sum.Records += one.Records
		sum.Bytes += one.Bytes
		sum.Pending += one.Pending
		sum.JournalBytes += one.JournalBytes
		sum.Invocations += one.Invocations
		sum.InvocationErrors += one.InvocationErrors
		sum.Rows += one.Rows
		sum.Objects += one.Objects
		sum.FailedRecords += one.FailedRecords
		sum.LostRecords += one.LostRecords
		sum.ErrorObjects += one.ErrorObjects
		sum.DeliveryErrors += one.DeliveryErrors
		if one.LastObject != "" {
			sum.LastObject = one.LastObject
		}
	}
	return sum
}

// Failed gets the reason if the endpoint ends before Close.
func (s *Stack) Failed() <-chan error { return s.served }

// Close refuses further records, delivers those that were accepted, and ends. If the context ends first, the remaining records stay in
// the journal, and the next run of the stack delivers them.
func (s *Stack) Close(ctx context.Context) error {
	s.gate.close()
	return errors.Join(s.Deliver(ctx), s.server.Close(), s.closePipelines())
}

// Deliver delivers all records that were accepted, without waiting for buffers to fill.
func (s *Stack) Deliver(ctx context.Context) error {
	var errs []error
	for _, p := range s.pipelines {
		if err := p.engine.Flush(ctx); err != nil {
			errs = append(errs, fmt.Errorf("deliver the records of stream %s: %w; %d of them stay in the journal for the next run",
				p.stream.Name, err, p.engine.Stats().Pending))
		}
	}
	return errors.Join(errs...)
}

func (s *Stack) closePipelines() error {
	var errs []error
	for _, p := range s.pipelines {
		errs = append(errs, p.close())
	}
	return errors.Join(errs...)
}

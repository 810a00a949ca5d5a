// Package host runs a stack in this process: an endpoint on one port that serves Firehose and SSM, a delivery engine for
// each stream, and the transform. It puts the parts together; what they do is theirs.
package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/awsjson"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/delivery"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/fault"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/firehose"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/ssm"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/stack"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Options say how a stack is run.
type Options struct {
	// Dir is where objects, undelivered records and put parameters are kept. It is made where it is not there.
	Dir string
	// Listen is the endpoint's address, port 0 for any. Other than loopback needs AllowRemote.
	Listen      string
	AllowRemote bool
	// Transform is the path of the transform's executable; empty runs it in this process.
	Transform string
	// FlushEvery shortens the buffering of the template; 0 leaves it as it is.
	FlushEvery time.Duration
	// JournalBytes bounds the records that wait for delivery, in bytes.
	JournalBytes int64
	Faults       fault.Rates
	FaultSeed    uint64
	Log          *slog.Logger
}

// parametersFile keeps the parameters that users put. Readers of the lake pass over names that begin with a dot.
const parametersFile = ".parameters.json"

// Host is a running stack.
type Host struct {
	stack   stack.Stack
	log     *slog.Logger
	address net.Addr
	gate    *gate
	server  *http.Server
	served  chan error
	streams []*stream
}

// Start runs a stack. Its endpoint answers when Start returns.
func Start(ctx context.Context, s stack.Stack, o Options) (_ *Host, err error) {
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the directory for objects: %w", err)
	}
	listener, err := listen(ctx, o)
	if err != nil {
		return nil, err
	}
	h := &Host{stack: s, log: o.Log, address: listener.Addr(), served: make(chan error, 1)}
	defer func() {
		if err != nil {
			_ = listener.Close() // fails where the server has closed it
			err = errors.Join(err, h.closeStreams())
		}
	}()
	parameters, err := ssm.Open(s, filepath.Join(o.Dir, parametersFile))
	if err != nil {
		return nil, err
	}
	// The key by which the endpoint knows the stack's own function. It opens nothing to who has it but a late put.
	key := newAccessKey()
	faults := fault.New(o.Faults, o.FaultSeed)
	handler := awsjson.Inject(awsjson.NewHandler(h.operations(s, faults, parameters), o.Log), faults)
	h.gate = newGate(handler, key, o.AllowRemote)
	// The function may call the endpoint as soon as a stream is open.
	h.serve(listener)
	for _, t := range h.streams {
		if err := t.open(ctx, h.Endpoint(), key, s, o); err != nil {
			return nil, errors.Join(err, h.server.Close())
		}
	}
	return h, nil
}

// operations are those of all services.
func (h *Host) operations(s stack.Stack, faults *fault.Injector, parameters *ssm.Service) awsjson.Operations {
	var streams []firehose.Stream
	for _, description := range s.Streams {
		t := &stream{description: description, opened: make(chan struct{})}
		h.streams = append(h.streams, t)
		streams = append(streams, firehose.Stream{Stream: description, Putter: t})
	}
	operations := firehose.New(s.AccountID, streams, faults).Operations()
	for target, operation := range parameters.Operations() {
		operations[target] = operation
	}
	return operations
}

// Timeouts of a connection: a client that is slower holds a place for nothing.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	idleTimeout   = 5 * time.Minute
)

func (h *Host) serve(listener net.Listener) {
	h.server = &http.Server{
		Handler: h.gate, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelWarn),
	}
	go func() { h.served <- h.server.Serve(listener) }()
}

// CheckListen says whether an address can be listened on: host:port, and of this machine only unless remote is allowed.
func CheckListen(address string, allowRemote bool) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%q: want host:port, such as 127.0.0.1:4566, port 0 for any", address)
	}
	if !allowRemote && !isLoopback(host) {
		return fmt.Errorf("%q is reachable from other machines: add --allow-remote if everyone there may put records", address)
	}
	return nil
}

func isLoopback(host string) bool {
	host = strings.ToLower(host)
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && addr.IsLoopback()
}

func listen(ctx context.Context, o Options) (net.Listener, error) {
	if err := CheckListen(o.Listen, o.AllowRemote); err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen on %s: the port is in use; choose another, or port 0 for any", o.Listen)
	case err != nil:
		return nil, fmt.Errorf("listen on %s: %w", o.Listen, err)
	}
	return listener, nil
}

// Endpoint is where the services are, as AWS_ENDPOINT_URL wants it.
func (h *Host) Endpoint() string {
	address := h.address.String()
	if tcp, ok := h.address.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		address = net.JoinHostPort("127.0.0.1", fmt.Sprint(tcp.Port))
	}
	return "http://" + address
}

// Environment is what lets an AWS SDK find the endpoint. Any credentials are accepted; these are ones. The region has two
// names: boto3 and version 1 of the CLI read the second only.
func (h *Host) Environment() []string {
	return []string{
		"AWS_ENDPOINT_URL=" + h.Endpoint(),
		"AWS_REGION=" + h.stack.Region,
		"AWS_DEFAULT_REGION=" + h.stack.Region,
		"AWS_ACCESS_KEY_ID=local",
		"AWS_SECRET_ACCESS_KEY=local",
	}
}

// ParameterPath is the path of the parameters by which an edge finds the stream; empty where the template has none.
func (h *Host) ParameterPath() string {
	var paths []string
	for name := range h.stack.Parameters {
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
func (h *Host) Stats() delivery.Stats {
	var sum delivery.Stats
	for _, t := range h.streams {
		s := t.engine.Stats()
		sum.Records += s.Records
		sum.Bytes += s.Bytes
		sum.Pending += s.Pending
		sum.JournalBytes += s.JournalBytes
		sum.Invocations += s.Invocations
		sum.InvocationErrors += s.InvocationErrors
		sum.Rows += s.Rows
		sum.Objects += s.Objects
		sum.FailedRecords += s.FailedRecords
		sum.LostRecords += s.LostRecords
		sum.ErrorObjects += s.ErrorObjects
		sum.DeliveryErrors += s.DeliveryErrors
		if s.LastObject != "" {
			sum.LastObject = s.LastObject
		}
	}
	return sum
}

// Failed gets why the endpoint ended, where it ends before Close.
func (h *Host) Failed() <-chan error { return h.served }

// Close takes no more records, delivers those that were accepted, and ends. Where the context ends first, what is left
// stays in the journal and is delivered when the stack runs again.
func (h *Host) Close(ctx context.Context) error {
	h.gate.close()
	return errors.Join(h.Deliver(ctx), h.server.Close(), h.closeStreams())
}

// Deliver delivers all records that were accepted, without waiting for buffers to fill.
func (h *Host) Deliver(ctx context.Context) error {
	var errs []error
	for _, t := range h.streams {
		if err := t.engine.Flush(ctx); err != nil {
			errs = append(errs, fmt.Errorf("deliver what is left on stream %s: %w; %d records stay in the journal for the next run",
				t.description.Name, err, t.engine.Stats().Pending))
		}
	}
	return errors.Join(errs...)
}

func (h *Host) closeStreams() error {
	var errs []error
	for _, t := range h.streams {
		errs = append(errs, t.close())
	}
	return errors.Join(errs...)
}

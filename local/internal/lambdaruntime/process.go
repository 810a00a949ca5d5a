package lambdaruntime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/child"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/delivery"
)

// process is one process of the function, and the Runtime API that serves only this process.
type process struct {
	child  *child.Process
	server *http.Server
	log    *slog.Logger

	events     chan event    // from invoke to next
	answers    chan answer   // from takeAnswer to invoke
	initFailed chan error    // the reason why the function could not start
	ready      chan struct{} // closed when the function asks for its first event
	once       sync.Once     // closes ready

	mu      sync.Mutex // guards current
	current string     // request id of the event that the function works on
}

// event is one invocation on its way to the function.
type event struct {
	id       string
	payload  []byte
	deadline time.Time
}

// answer is the function's answer to an event.
type answer struct {
	body []byte
	err  error
}

// start runs the executable and waits until it asks for an event.
func start(ctx context.Context, path string, f Function, log *slog.Logger) (*process, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the function: %w", err)
	}
	p := &process{
		log:    log,
		events: make(chan event), answers: make(chan answer, 1), initFailed: make(chan error, 1),
		ready: make(chan struct{}),
	}
	p.server = &http.Server{Handler: p.api(f.ARN), ReadHeaderTimeout: time.Minute}
	served := make(chan struct{})
	go func() {
		defer close(served)
		// Serve ends when stop closes the server. If it ends earlier, the requests of the process fail, and the process exits.
		_ = p.server.Serve(listener)
	}()
	if err := p.run(path, f, listener.Addr().String()); err != nil {
		_ = p.server.Close()
		<-served
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return p, p.waitReady(ctx)
}

// run starts the process. The process lives on after the invocation that started it.
func (p *process) run(path string, f Function, address string) error {
	cmd := exec.CommandContext(context.Background(), path)
	cmd.Env = environment(f, address)
	// Children of the process may hold its outputs open after it has ended. Do not wait for them.
	cmd.WaitDelay = time.Second
	var err error
	p.child, err = child.Start(cmd, func(line string) { p.log.Info("function", slog.String("output", line)) })
	return err
}

func (p *process) waitReady(ctx context.Context) error {
	timer := time.NewTimer(initTimeout)
	defer timer.Stop()
	var err error
	select {
	case <-p.ready:
		return nil
	case err = <-p.initFailed:
	case <-p.child.Done():
		err = functionError("Runtime exited before it asked for an event: %v", p.exitReason())
	case <-timer.C:
		err = functionError("Runtime did not ask for an event within %v", initTimeout)
	case <-ctx.Done():
		err = functionError("Runtime was not ready in time: %v", ctx.Err())
	}
	p.stop()
	return err
}

func functionError(format string, args ...any) error {
	return &delivery.InvokeError{Code: codeFunction, Message: fmt.Sprintf(format, args...)}
}

func (p *process) exitReason() string {
	if err := p.child.Err(); err != nil {
		return err.Error()
	}
	return "exit status 0"
}

func (p *process) alive() bool {
	select {
	case <-p.child.Done():
		return false
	default:
		return true
	}
}

// stop ends the process and its API. It can be called twice.
func (p *process) stop() {
	p.child.Kill()
	_ = p.server.Close() // fails only if a connection to the ended process cannot be closed
}

// invoke sends an event to the function and waits for its answer. A process that did not answer is not reusable, because it may still
// work on the event.
func (p *process) invoke(ctx context.Context, payload []byte, timeout time.Duration) (_ []byte, reusable bool, _ error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	deadline, _ := ctx.Deadline()
	e := event{id: uuid.NewString(), payload: payload, deadline: deadline}
	select {
	case p.events <- e:
	case <-p.child.Done():
		return nil, false, errNotTaken
	case <-ctx.Done():
		return nil, false, lateError(ctx, timeout)
	}
	select {
	case a := <-p.answers:
		return a.body, true, a.err
	case <-p.child.Done():
		// The process may have answered just before it ended, as a runtime does after a panic.
		select {
		case a := <-p.answers:
			return a.body, false, a.err
		default:
			return nil, false, functionError("Runtime exited with error: %s", p.exitReason())
		}
	case <-ctx.Done():
		return nil, false, lateError(ctx, timeout)
	}
}

// errNotTaken means that a process ended before it took the event.
var errNotTaken = errors.New("the process ended before it took the event")

func lateError(ctx context.Context, timeout time.Duration) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return functionError("Task timed out after %.2f seconds", timeout.Seconds())
	}
	return ctx.Err()
}

// environment returns the variables of the process, as in Lambda. It does not include those of this process.
func environment(f Function, api string) []string {
	variables := make(map[string]string, len(f.Environment)+20)
	for name, value := range f.Environment {
		variables[name] = value
	}
	for name, value := range map[string]string{
		"AWS_LAMBDA_RUNTIME_API":          api,
		"AWS_LAMBDA_FUNCTION_NAME":        f.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.MemoryMB),
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + f.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME":      "local",
		"AWS_EXECUTION_ENV":               "AWS_Lambda_provided.al2023",
		"AWS_REGION":                      f.Region,
		"AWS_DEFAULT_REGION":              f.Region,
		"AWS_ENDPOINT_URL":                f.Endpoint,
		"AWS_ACCESS_KEY_ID":               f.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY":           "local",
		"AWS_EC2_METADATA_DISABLED":       "true",
		"_HANDLER":                        f.Handler,
		"LANG":                            "en_US.UTF-8",
		"TZ":                              ":UTC",
		"PATH":                            "/usr/local/bin:/usr/bin:/bin:/opt/bin",
	} {
		variables[name] = value
	}
	list := make([]string, 0, len(variables))
	for name, value := range variables {
		list = append(list, name+"="+value)
	}
	return list
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"syscall"

	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/eventlog"
)

// serviceLogHandler returns a handler that writes to the event log, or nil if the service manager did not start this process.
func serviceLogHandler(options *slog.HandlerOptions) (slog.Handler, error) {
	is, err := svc.IsWindowsService()
	if err != nil || !is {
		return nil, err
	}
	log, err := eventlog.Open(serviceName)
	if err != nil {
		return nil, fmt.Errorf("open the event log as %s: %w", serviceName, err)
	}
	return newEventHandler(log, options), nil
}

// runAsService calls run. If the service manager started this process, it learns when run begins and ends. A stop ends run's context, and
// `sc control metrics-edge paramchange` reloads the settings.
func runAsService(ctx context.Context, reload chan<- os.Signal, run func(context.Context) error) error {
	is, err := svc.IsWindowsService()
	if err != nil {
		return fmt.Errorf("ask whether this process is a service: %w", err)
	}
	if !is {
		return run(ctx)
	}
	h := &serviceHandler{ctx: ctx, reload: reload, run: run}
	if err := svc.Run(serviceName, h); err != nil {
		return fmt.Errorf("run as the service %s: %w", serviceName, err)
	}
	if h.err == nil {
		return nil
	}
	// Nobody sees the stderr of a service.
	log, err := eventlog.Open(serviceName)
	if err != nil {
		return errors.Join(h.err, fmt.Errorf("open the event log as %s: %w", serviceName, err))
	}
	return errors.Join(h.err, log.Error(eventID, h.err.Error()), log.Close())
}

// serviceHandler implements [svc.Handler].
type serviceHandler struct {
	ctx    context.Context
	reload chan<- os.Signal
	run    func(context.Context) error
	err    error // what run returned
}

// Execute implements [svc.Handler]. The service manager reports an exit code that is not 0 and starts the service again.
func (h *serviceHandler) Execute(_ []string, requests <-chan svc.ChangeRequest, status chan<- svc.Status) (specific bool, code uint32) {
	ctx, cancel := context.WithCancel(h.ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- h.run(ctx) }()
	running := svc.Status{State: svc.Running, Accepts: svc.AcceptStop | svc.AcceptShutdown | svc.AcceptParamChange}
	status <- running
	for {
		select {
		case h.err = <-ended:
			status <- svc.Status{State: svc.StopPending}
			if h.err != nil {
				return true, 1
			}
			return false, 0
		case request := <-requests:
			switch request.Cmd {
			case svc.Interrogate:
				status <- request.CurrentStatus
			case svc.ParamChange:
				select {
				case h.reload <- syscall.SIGHUP:
				default: // a reload is under way
				}
				status <- running
			case svc.Stop, svc.Shutdown:
				running = svc.Status{State: svc.StopPending, WaitHint: 20_000} // milliseconds; a stop delivers what waits
				status <- running
				cancel()
			}
		}
	}
}

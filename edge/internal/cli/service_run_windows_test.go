// Windows only: it is about the service manager of Windows.

package cli

import (
	"context"
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/windows/svc"
)

// TestService speaks with the handler as the service manager does.
func TestService(t *testing.T) {
	requests, status := make(chan svc.ChangeRequest), make(chan svc.Status)
	reload := make(chan os.Signal, 1)
	h := &serviceHandler{ctx: t.Context(), reload: reload, run: func(ctx context.Context) error {
		<-ctx.Done()
		return nil
	}}
	ended := make(chan uint32)
	go func() {
		_, code := h.Execute(nil, requests, status)
		ended <- code
	}()
	if got := <-status; got.State != svc.Running || got.Accepts&svc.AcceptStop == 0 {
		t.Errorf("it begins with %+v", got)
	}
	requests <- svc.ChangeRequest{Cmd: svc.Interrogate, CurrentStatus: svc.Status{State: svc.Running}}
	if got := <-status; got.State != svc.Running {
		t.Errorf("asked for its state it says %+v", got)
	}
	requests <- svc.ChangeRequest{Cmd: svc.ParamChange}
	<-status
	<-reload
	requests <- svc.ChangeRequest{Cmd: svc.Stop}
	for range 2 {
		if got := <-status; got.State != svc.StopPending {
			t.Errorf("while it stops it says %+v", got)
		}
	}
	if code := <-ended; code != 0 {
		t.Errorf("a stop ends with code %d", code)
	}
}

// TestServiceFails: the exit code is not 0, so that the recovery actions start the service again.
func TestServiceFails(t *testing.T) {
	status := make(chan svc.Status, 2)
	h := &serviceHandler{ctx: t.Context(), run: func(context.Context) error { return errors.New("x") }}
	if specific, code := h.Execute(nil, nil, status); !specific || code != 1 || h.err == nil {
		t.Errorf("a failure ends with %v, %d, %v", specific, code, h.err)
	}
}

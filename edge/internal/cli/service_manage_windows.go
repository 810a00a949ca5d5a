package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/eventlog"
	"golang.org/x/sys/windows/svc/mgr"
)

// installService makes the service, which runs this program with args at each start of the system. account is the user that it runs as; "" is
// LocalSystem.
func installService(account string, args []string) (err error) {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program's file: %w", err)
	}
	if program, err = filepath.Abs(program); err != nil {
		return fmt.Errorf("find this program's file: %w", err)
	}
	m, err := connectServiceManager()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Disconnect()) }()
	s, err := m.CreateService(serviceName, program, mgr.Config{
		DisplayName: "Metrics Dashboard collector", StartType: mgr.StartAutomatic, ServiceStartName: account,
		Description: "Reads CPU, memory, network and disk of this machine and sends them to Amazon Data Firehose.",
	}, args...)
	if errors.Is(err, windows.ERROR_SERVICE_EXISTS) {
		return fmt.Errorf("install the service %s: it exists; remove it first with edge service remove", serviceName)
	}
	if err != nil {
		return fmt.Errorf("install the service %s: %w", serviceName, err)
	}
	defer s.Close()
	// As systemd's unit does: start again after 5 seconds, each time.
	again := mgr.RecoveryAction{Type: mgr.ServiceRestart, Delay: 5 * time.Second}
	err = errors.Join(s.SetRecoveryActions([]mgr.RecoveryAction{again, again, again}, 3600), s.SetRecoveryActionsOnNonCrashFailures(true))
	if err != nil {
		return errors.Join(fmt.Errorf("set the recovery of the service %s: %w", serviceName, err), s.Delete())
	}
	// A service that somebody removed without edge service remove left its source, and the next line refuses to replace one.
	if err := eventlog.Remove(serviceName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("remove the old source %s of the event log: %w", serviceName, err), s.Delete())
	}
	if err := eventlog.InstallAsEventCreate(serviceName, eventlog.Error|eventlog.Warning|eventlog.Info); err != nil {
		return errors.Join(fmt.Errorf("make the source %s of the event log: %w", serviceName, err), s.Delete())
	}
	return nil
}

// removeService stops the service and removes it. Settings and spool stay.
func removeService(ctx context.Context) error {
	return withService(func(s *mgr.Service) error {
		if err := stopAndWait(ctx, s); err != nil {
			return err
		}
		if err := s.Delete(); err != nil {
			return fmt.Errorf("remove the service %s: %w", serviceName, err)
		}
		if err := eventlog.Remove(serviceName); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the source %s of the event log: %w", serviceName, err)
		}
		return nil
	})
}

// startService starts the service.
func startService() error {
	return withService(func(s *mgr.Service) error {
		if err := s.Start(); err != nil && !errors.Is(err, windows.ERROR_SERVICE_ALREADY_RUNNING) {
			return fmt.Errorf("start the service %s: %w", serviceName, err)
		}
		return nil
	})
}

// stopService stops the service and waits until it has stopped.
func stopService(ctx context.Context) error {
	return withService(func(s *mgr.Service) error { return stopAndWait(ctx, s) })
}

func stopAndWait(ctx context.Context, s *mgr.Service) error {
	state, err := s.Control(svc.Stop)
	if errors.Is(err, windows.ERROR_SERVICE_NOT_ACTIVE) {
		return nil
	}
	for err == nil && state.State != svc.Stopped {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until the service %s has stopped: %w", serviceName, ctx.Err())
		case <-time.After(200 * time.Millisecond): // the service manager of older systems has no way to wait for a state
		}
		state, err = s.Query()
	}
	if err != nil {
		return fmt.Errorf("stop the service %s: %w", serviceName, err)
	}
	return nil
}

func withService(do func(*mgr.Service) error) (err error) {
	m, err := connectServiceManager()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Disconnect()) }()
	s, err := m.OpenService(serviceName)
	if err != nil {
		return fmt.Errorf("open the service %s: %w; is it installed? edge service install does that", serviceName, err)
	}
	defer s.Close()
	return do(s)
}

func connectServiceManager() (*mgr.Mgr, error) {
	m, err := mgr.Connect()
	if err != nil {
		return nil, fmt.Errorf("connect to the service manager: %w; run this command as an administrator", err)
	}
	return m, nil
}

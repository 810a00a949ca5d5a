package run

import (
	"context"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// States that the service manager gets, see sd_notify(3).
const (
	ready     = daemon.SdNotifyReady
	reloading = daemon.SdNotifyReloading
	stopping  = daemon.SdNotifyStopping
)

// notify sends a state to the service manager, if there is one.
func (e *edge) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		e.log.LogAttrs(context.Background(), slog.LevelWarn, "the service manager cannot be notified",
			slog.String("state", state), slog.String("error", err.Error()))
	}
}

// watchdog tells the service manager that the collector is alive, until the context ends. It does so twice in the time that the
// manager allows, but only while samples are taken on time: so the manager restarts a collector that hangs.
func (e *edge) watchdog(ctx context.Context) {
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		e.log.LogAttrs(ctx, slog.LevelWarn, "the watchdog is off", slog.String("error", err.Error()))
	}
	if every <= 0 {
		return
	}
	tick := time.NewTicker(every / 2)
	defer tick.Stop()
	for {
		if e.healthy() {
			e.notify(daemon.SdNotifyWatchdog)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

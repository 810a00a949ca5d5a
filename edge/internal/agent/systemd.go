package agent

import (
	"context"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// What the service manager is told, see sd_notify(3).
const (
	ready     = daemon.SdNotifyReady
	reloading = daemon.SdNotifyReloading
	stopping  = daemon.SdNotifyStopping
)

// notify tells the service manager, where there is one.
func (a *agent) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		a.log.LogAttrs(context.Background(), slog.LevelWarn, "telling the service manager",
			slog.String("state", state), slog.String("error", err.Error()))
	}
}

// watchdog tells the service manager that the collector is alive, twice as often as it wants to hear that, until the context
// ends: but only while samples are taken on time, so that one that hangs is started anew.
func (a *agent) watchdog(ctx context.Context) {
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		a.log.LogAttrs(ctx, slog.LevelWarn, "the watchdog is off", slog.String("error", err.Error()))
	}
	if every <= 0 {
		return
	}
	tick := time.NewTicker(every / 2)
	defer tick.Stop()
	for {
		if a.healthy() {
			a.notify(daemon.SdNotifyWatchdog)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

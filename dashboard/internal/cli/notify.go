package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/notify"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record/program"
)

// notifyOptions say who gets messages about problems.
type notifyOptions struct {
	to        []string
	secret    string
	state     string
	addresses []notify.Address // those of to, which check reads
}

// defaultAlertState is the directory in the lake's in which the page keeps what it reported. Readers of the lake ignore names that begin
// with a dot.
const defaultAlertState = ".alerts"

func (o *notifyOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.to, "notify", nil,
		"webhook that gets a message when problems begin, get worse or are over: https://…, slack:https://… for Slack's form, or @FILE; repeat it for several")
	f.StringVar(&o.secret, "notify-secret-file", "", "file with the secret that signs what --notify sends, as Standard Webhooks does: Base64 of 24 to 64 bytes")
	f.StringVar(&o.state, "alert-state", "", "directory that keeps what --notify reported, so that a restart reports nothing twice (default "+defaultAlertState+" in the lake)")
}

// check reads the addresses, and returns all that is wrong with the options.
func (o *notifyOptions) check(athena bool) error {
	var problems []error
	refuse := func(format string, args ...any) { problems = append(problems, program.Refusef(format, args...)) }
	if len(o.to) > 0 && athena {
		refuse("--notify is for files, not for --athena: the deployed stack sends alerts itself (setting alerts)")
	}
	for flag, set := range map[string]bool{"notify-secret-file": o.secret != "", "alert-state": o.state != ""} {
		if set && len(o.to) == 0 {
			refuse("--%s needs --notify: name a webhook", flag)
		}
	}
	seen := map[string]bool{}
	for _, text := range o.to {
		a, err := notify.ParseAddress(text)
		switch {
		case err != nil:
			refuse("--notify: %w", err)
		case seen[a.Key()]:
			refuse("--notify: an address at %s is given twice", a)
		default:
			seen[a.Key()] = true
			o.addresses = append(o.addresses, a)
		}
	}
	return errors.Join(problems...)
}

// start begins to tell people about problems, if there is somebody to tell, after check found nothing wrong. The function that it returns waits for the end, after ctx has ended.
func (o *notifyOptions) start(
	ctx context.Context, e alerts.Engine, rules panels.RuleChanges, dir string, delay time.Duration, here alerts.Context, log *slog.Logger,
) (wait func() error, err error) {
	if len(o.to) == 0 {
		return func() error { return nil }, nil
	}
	var secret notify.Secret
	if o.secret != "" {
		if secret, err = notify.ReadSecret(o.secret); err != nil {
			return nil, program.Refusef("--notify-secret-file: %w", err)
		}
	}
	state := o.state
	if state == "" {
		state = filepath.Join(dir, defaultAlertState)
	}
	folder, err := notify.OpenFolder(state)
	if err != nil {
		return nil, fmt.Errorf("--alert-state: %w", err)
	}
	w := notify.Watch{
		Look: func(ctx context.Context, at, knownSince time.Time) (alerts.Now, error) {
			return alerts.Ask(ctx, e, rules, at, delay, knownSince)
		},
		Log: log,
	}
	for _, a := range o.addresses {
		w.Receivers = append(w.Receivers, notify.Target{Name: a.String(), Store: folder.Store(a.Key()), Receiver: notify.NewWebhook(a, secret, here)})
	}
	var group sync.WaitGroup
	group.Go(func() { w.Run(ctx) })
	return func() error {
		group.Wait()
		return folder.Close()
	}, nil
}

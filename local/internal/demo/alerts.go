package demo

import (
	"context"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/notify"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// printAlerts prints each minute which problems began, got worse or are over, until ctx ends. What it printed ends with the demo.
func printAlerts(ctx context.Context, l *lake.Lake, page *page, o Options) {
	notify.Watch{
		Look: func(ctx context.Context, at, knownSince time.Time) (alerts.Now, error) {
			return alerts.Ask(ctx, l, panels.RuleChanges{}, at, pageDelay(o), knownSince)
		},
		Receivers: []notify.Target{{
			Name: "the terminal", Store: &notify.Memory{},
			Receiver: notify.Printer{Out: o.Out, Context: alerts.Context{Source: l.Dir(), Page: page.url}},
		}},
		Log: o.Log,
	}.Run(ctx)
}

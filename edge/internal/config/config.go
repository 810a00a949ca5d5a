// Package config is the settings of edge: what there is to set, in one table, and what flags, environment, the machine's file
// and the stack's edge-config say of it. The more specific wins: a flag over a variable, a variable over the file, the file
// over edge-config, that over the default. Tags of all of them add up. It starts nothing and asks nobody.
package config

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/collect"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/sampler"
)

// Config is what the settings say.
type Config struct {
	// Stack is where to ask where to send; Stream, where it is set, is the answer. An empty Region is that of the
	// environment, profile or instance.
	Stack, Stream, Region string

	Interval    time.Duration // between samples
	MaxLatency  time.Duration // how long a sample waits for others
	BacklogRate float64       // how many times faster than taken a backlog is sent
	Labels      sampler.Labels
	// Interfaces and Disks narrow which devices count, Mounts which filesystems, by their mount points.
	Interfaces, Disks, Mounts collect.Filter

	SpoolDir   string
	SpoolBytes int64
	Sync       time.Duration // see package spool

	// Listen is the address for health and metrics over HTTP, empty for none.
	Listen      string
	AllowRemote bool

	LogLevel  slog.Level
	LogFormat LogFormat

	Over time.Duration // between the two readings of edge once
	JSON bool          // output for programs
}

// LogFormat is how lines of the log look.
type LogFormat string

// The formats, both of package slog.
const (
	Text LogFormat = "text"
	JSON LogFormat = "json"
)

// checkTogether sets what depends on several settings, and checks it. chosen says where the settings stand that are not
// defaults.
func (c *Config) checkTogether(chosen map[string]given) (errs []error) {
	if listen, is := chosen[listenName]; is && c.Listen != "" && !c.AllowRemote && !onLoopback(c.Listen) {
		errs = append(errs, fmt.Errorf("%s: is reachable from other machines; add --allow-remote if everyone there may read it", listen))
	}
	least := min(c.Interval, maxLatency)
	switch latency, is := chosen[latencyName]; {
	case !is:
		c.MaxLatency = max(defaultLatency, least)
	case c.MaxLatency > 0 && c.MaxLatency < least:
		errs = append(errs, fmt.Errorf("%s: shorter than the interval of %s; at least %s would be right", latency, short(c.Interval), short(least)))
	}
	return errs
}

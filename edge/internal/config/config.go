// Package config reads edge's settings. One table declares them ([settings]); flags, variables, the machine's file and the
// stack's edge-config give their values. A flag wins over a variable, a variable over the file, the file over edge-config, and
// edge-config over the default. Tags of all sources add up. The package asks no service: callers pass edge-config in.
package config

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/collect"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/sampler"
	"github.com/metrics-dashboard/metrics-dashboard/record/loopback"
)

// Config holds the value of each setting, checked.
type Config struct {
	// Stack is the stack whose parameters name the delivery stream. If Stream is set, it is the delivery stream, and the
	// stack is not asked. If Region is empty, the SDK finds it in the environment, the profile or the instance's metadata.
	Stack, Stream, Region string

	Interval    time.Duration // between samples
	MaxLatency  time.Duration // how long a sample waits for others
	BacklogRate float64       // how fast a backlog is sent, as a multiple of the sampling rate
	// Details is the time between samples with details, 0 for no details. NoProcesses leaves processes out of them.
	Details     time.Duration
	NoProcesses bool
	Labels      sampler.Labels
	// Interfaces and Disks choose the devices that count. Mounts chooses filesystems by their mount points.
	Interfaces, Disks, Mounts collect.Filter

	SpoolDir   string
	SpoolBytes int64
	Sync       time.Duration // see package spool

	// Listen is the address for health and metrics over HTTP. If it is empty, edge does not listen.
	Listen      string
	AllowRemote bool

	LogLevel  slog.Level
	LogFormat LogFormat

	Over time.Duration // between the two readings of edge once
	JSON bool          // output for programs
}

// LogFormat is the format of the log's lines.
type LogFormat string

// The formats, both of package slog.
const (
	Text LogFormat = "text"
	JSON LogFormat = "json"
)

// checkTogether checks and sets what depends on several settings. chosen has the settings that some source gives.
func (c *Config) checkTogether(chosen map[string]given) (errs []error) {
	if listen, is := chosen[listenName]; is && c.Listen != "" && !c.AllowRemote && !loopback.Address(c.Listen) {
		errs = append(errs, fmt.Errorf("%s: other machines can reach it; add --allow-remote if everyone there may read it", listen))
	}
	least := min(c.Interval, maxLatency)
	switch latency, is := chosen[latencyName]; {
	case !is:
		c.MaxLatency = max(defaultLatency, least)
	case c.MaxLatency > 0 && c.MaxLatency < least:
		errs = append(errs, fmt.Errorf("%s: shorter than the interval of %s; use at least %s", latency, short(c.Interval), short(least)))
	}
	return errs
}

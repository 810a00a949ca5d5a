package config

import (
	"regexp"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Ranges of settings.
const (
	minInterval, maxInterval     = time.Second, time.Hour
	minLatency, maxLatency       = time.Second, 15 * time.Minute
	defaultLatency               = record.MaxLatency
	minOver, maxOver             = 100 * time.Millisecond, time.Minute
	minSpoolBytes, maxSpoolBytes = spool.MinBytes, 1 << 40
	minSync, maxSync             = 100 * time.Millisecond, time.Hour
	minRate, maxRate             = 1, 10_000
	maxTags, maxLabel            = 50, 256
	// DefaultOver is the time between two readings that make one sample.
	DefaultOver = time.Second
)

// Command says which commands have a setting.
type Command uint8

// The commands.
const (
	ForRun Command = 1 << iota
	ForOnce
	ForSpool
	ForStatus
	ForCheck

	forAll      = ForRun | ForOnce | ForSpool | ForStatus | ForCheck
	forTarget   = ForRun | ForCheck
	forReadings = ForRun | ForOnce | ForCheck
	forState    = ForRun | ForSpool | ForStatus | ForCheck
)

// setting is one setting, declared here and nowhere else: flag, variable, key of the file, default, help and check.
type setting struct {
	name     string // of the flag
	commands Command
	kind     string // what help shows for the value
	fallback string // the default; empty where there is none
	traits   trait
	usage    string
	// set checks the value and stores it. Its error completes "--name value: …".
	set func(c *Config, value string) error
}

// trait is how a setting differs from the others.
type trait uint8

const (
	repeats trait = 1 << iota // has several values, key=value
	central                   // may stand in the stack's edge-config
	noFile                    // may not stand in the file
	isBool                    // a flag without a value means true
)

func settings() []setting {
	return []setting{
		{
			configName, forAll, "file", "", noFile,
			"YAML file of settings, named as the flags with _ for - (default " + defaultFile() + ", where it is there)",
			notEmpty("a file", func(*Config) *string { return new(string) }),
		},
		{
			"stack", forTarget, "name", "MetricsDashboard", 0,
			"stack to ship to; its SSM parameters say where that is",
			matching(namePattern, func(c *Config) *string { return &c.Stack }),
		},
		{
			"stream", forTarget, "name", "", 0,
			"delivery stream to ship to, instead of asking the stack",
			matching(namePattern, func(c *Config) *string { return &c.Stream }),
		},
		{
			"region", forTarget, "region", "", 0,
			"AWS region of the stack, or of --stream (default: that of the environment, profile or instance)",
			matching(regionPattern, func(c *Config) *string { return &c.Region }),
		},
		{
			"interval", ForRun, "duration", "3s", central,
			"time between samples, 1s to 1h in whole seconds", setInterval,
		},
		{
			latencyName, ForRun, "duration", "", central,
			"how long a sample waits to share a record with others, up to 15m; longer is cheaper\n" +
				"(default 1m, or the interval where that is longer)",
			durationIn(minLatency, maxLatency, func(c *Config) *time.Duration { return &c.MaxLatency }),
		},
		{
			"spool-dir", forState, "directory", "", 0,
			"where samples wait until they are delivered (default: the service manager's state directory, else\n" +
				"one of the machine's for root and of the user's for others)",
			notEmpty("a directory", func(c *Config) *string { return &c.SpoolDir }),
		},
		{
			"spool-max", ForRun | ForCheck, "size", "64MiB", 0,
			"bound of the spool, at least 1MiB; when it is full its oldest sixteenth is dropped", setSpoolBytes,
		},
		{
			"sync", ForRun, "when", "5s", 0,
			"when samples are made safe from a loss of power: every (each at once), none (when the system likes to)\n" +
				"or a duration, 100ms to 1h; the end of the process loses nothing in any case", setSync,
		},
		{
			"backlog-rate", ForRun, "factor", "20", 0,
			"how many times faster than they were taken the samples of an outage are sent after it, 1 to 10000",
			setBacklogRate,
		},
		{
			"over", ForOnce, "duration", DefaultOver.String(), 0,
			"time between the two readings, 100ms to 1m",
			durationIn(minOver, maxOver, func(c *Config) *time.Duration { return &c.Over }),
		},
		{
			"hostname", forReadings, "name", "", 0,
			"name of this machine in its samples, instead of the system's", label(func(c *Config) *string { return &c.Labels.Hostname }),
		},
		{
			"env", forReadings, "label", "", 0,
			"label: environment, such as prod", label(func(c *Config) *string { return &c.Labels.Env }),
		},
		{
			"node-role", forReadings, "label", "", 0,
			"label: what the machine is for, such as web", label(func(c *Config) *string { return &c.Labels.NodeRole }),
		},
		{
			"tag", forReadings, "key=value", "", repeats | central,
			"label of your own; repeat for several (several in the variable are separated by commas, in the file\n" +
				"they are a map tags)", setTag,
		},
		{
			"interface-include", forReadings, "regexp", "", 0,
			"network interfaces to count, instead of those with hardware behind them",
			pattern(func(c *Config) **regexp.Regexp { return &c.Interfaces.Include }),
		},
		{
			"interface-exclude", forReadings, "regexp", "", 0,
			"network interfaces not to count", pattern(func(c *Config) **regexp.Regexp { return &c.Interfaces.Exclude }),
		},
		{
			"disk-include", forReadings, "regexp", "", 0,
			"block devices to count, instead of whole devices with hardware behind them",
			pattern(func(c *Config) **regexp.Regexp { return &c.Disks.Include }),
		},
		{
			"disk-exclude", forReadings, "regexp", "", 0,
			"block devices not to count", pattern(func(c *Config) **regexp.Regexp { return &c.Disks.Exclude }),
		},
		{
			"mount-include", forReadings, "regexp", "", 0,
			"mount points of filesystems to look at, instead of local ones that can be written; one that an\n" +
				"automounter made stays mounted then",
			pattern(func(c *Config) **regexp.Regexp { return &c.Mounts.Include }),
		},
		{
			"mount-exclude", forReadings, "regexp", "", 0,
			"mount points of filesystems not to look at", pattern(func(c *Config) **regexp.Regexp { return &c.Mounts.Exclude }),
		},
		{
			listenName, ForRun, "address", "", 0,
			"serve /healthz and Prometheus /metrics on this address, such as 127.0.0.1:9847 (default: not at all)",
			setListen,
		},
		{
			"allow-remote", ForRun, "", "false", isBool,
			"allow --listen on an address that other machines reach; there is no login",
			boolean(func(c *Config) *bool { return &c.AllowRemote }),
		},
		{
			"json", ForStatus, "", "false", noFile | isBool,
			"print JSON for programs", boolean(func(c *Config) *bool { return &c.JSON }),
		},
		{
			"log-level", forReadings, "level", "info", 0,
			"debug, info, warn or error", setLogLevel,
		},
		{
			"log-format", ForRun, "format", string(Text), 0,
			"text or json", setLogFormat,
		},
	}
}

// Settings that other places know.
const (
	configName  = "config"
	latencyName = "max-latency"
	listenName  = "listen"
)

const variablePrefix = "METRICS_EDGE_"

// variable is the name of a setting's environment variable.
func (s setting) variable() string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

// key is the name of a setting in the file and in edge-config.
func (s setting) key() string {
	key := strings.ReplaceAll(s.name, "-", "_")
	if s.traits&repeats != 0 {
		key += "s"
	}
	return key
}

// choices are what a setting may be, for the shell's completion; nil where it is not one of a few.
func (s setting) choices() []string {
	switch s.name {
	case "log-level":
		return []string{"debug", "info", "warn", "error"}
	case "log-format":
		return []string{string(Text), string(JSON)}
	case "sync":
		return []string{"every", "none"}
	}
	return nil
}

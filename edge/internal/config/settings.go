package config

import (
	"regexp"
	"slices"
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
	minDetail, maxDetail         = 5 * time.Second, time.Hour
	maxTags, maxLabel            = 50, 256
	// DefaultOver is the time between two readings that make one sample.
	DefaultOver = time.Second
)

// Command is a command of edge that has settings.
type Command string

// The commands.
const (
	ForRun    Command = "run"
	ForOnce   Command = "once"
	ForSpool  Command = "spool"
	ForStatus Command = "status"
	ForCheck  Command = "check"
)

// The commands that share settings.
var (
	commandsAll     = []Command{ForRun, ForOnce, ForSpool, ForStatus, ForCheck}
	commandsSending = []Command{ForRun, ForCheck}
	commandsReading = []Command{ForRun, ForOnce, ForCheck}
	commandsSpool   = []Command{ForRun, ForSpool, ForStatus, ForCheck}
)

// setting is one setting: flag, variable, key of the file, default, help and check are declared here and nowhere else.
type setting struct {
	name     string    // the flag's; the names of variable and key follow from it
	commands []Command // that have it
	value    string    // what help shows for the value
	fallback string    // the default, or empty if there is none
	choices  []string  // what the shell completes; nil if the value is not one of a few
	usage    string
	// set checks the value and stores it. Its error completes "--name value: …".
	set func(c *Config, value string) error

	boolean bool // the flag without a value means true
	repeats bool // it has several values, key=value, in the file a map
	central bool // it may stand in the stack's edge-config
	noFile  bool // it may not stand in the file
}

// settings is the table of all settings, in the order of help.
func settings() []setting {
	return []setting{
		{
			name: configName, commands: commandsAll, value: "file", noFile: true,
			usage: "YAML file of settings, named as the flags with _ for - (default " + defaultFile() + ", if it exists)",
			set:   notEmpty("a file", func(*Config) *string { return new(string) }),
		},
		{
			name: "stack", commands: commandsSending, value: "name", fallback: "MetricsDashboard",
			usage: "stack to send to; its SSM parameters name region and stream",
			set:   matching(namePattern, func(c *Config) *string { return &c.Stack }),
		},
		{
			name: "stream", commands: commandsSending, value: "name",
			usage: "delivery stream to send to, instead of asking the stack",
			set:   matching(namePattern, func(c *Config) *string { return &c.Stream }),
		},
		{
			name: "region", commands: commandsSending, value: "region",
			usage: "AWS region of the stack, or of --stream (default: that of the environment, profile or instance)",
			set:   matching(regionPattern, func(c *Config) *string { return &c.Region }),
		},
		{
			name: "interval", commands: []Command{ForRun}, value: "duration", fallback: "3s", central: true,
			usage: "time between samples, 1s to 1h in whole seconds",
			set:   setInterval,
		},
		{
			name: latencyName, commands: []Command{ForRun}, value: "duration", central: true,
			usage: "how long a sample waits to share a record with others, up to " + short(maxLatency) + "; longer is cheaper\n" +
				"(default " + short(defaultLatency) + ", or the interval if that is longer)",
			set: durationIn(minLatency, maxLatency, func(c *Config) *time.Duration { return &c.MaxLatency }),
		},
		{
			name: "detail-interval", commands: []Command{ForRun}, value: "duration", fallback: "60s", central: true,
			usage: "time between samples with details: each filesystem, disk, interface and sensor, and the busiest processes\n" +
				"and services; 5s to 1h, or 0 for no details",
			set: setDetailInterval,
		},
		{
			name: "processes", commands: []Command{ForRun, ForOnce}, value: "what", fallback: processNames, central: true,
			choices: []string{processOff, processNames},
			usage:   "processes in the details: names (never arguments), or off",
			set:     setProcesses,
		},
		{
			name: "spool-dir", commands: commandsSpool, value: "directory",
			usage: "where samples wait until they are delivered (default: the service manager's state directory; without\n" +
				"one, the machine's for root and the user's for others)",
			set: notEmpty("a directory", func(c *Config) *string { return &c.SpoolDir }),
		},
		{
			name: "spool-max", commands: []Command{ForRun, ForCheck}, value: "size", fallback: "64MiB",
			usage: "size limit of the spool, at least 1MiB; a full spool drops its oldest sixteenth",
			set:   setSpoolBytes,
		},
		{
			name: "sync", commands: []Command{ForRun}, value: "when", fallback: "5s", choices: []string{syncEvery, syncNone},
			usage: "when samples are synced to disk, so that a power loss cannot take them: every (each at once), none (the\n" +
				"system decides) or a duration, 100ms to 1h; if only the process ends, no sample is lost",
			set: setSync,
		},
		{
			name: "backlog-rate", commands: []Command{ForRun}, value: "factor", fallback: "20",
			usage: "after an outage, send waiting samples this many times faster than they were taken, 1 to 10000",
			set:   setBacklogRate,
		},
		{
			name: "over", commands: []Command{ForOnce}, value: "duration", fallback: DefaultOver.String(),
			usage: "time between the two readings, 100ms to 1m",
			set:   durationIn(minOver, maxOver, func(c *Config) *time.Duration { return &c.Over }),
		},
		{
			name: "hostname", commands: commandsReading, value: "name",
			usage: "name of this machine in its samples, instead of the system's",
			set:   label(func(c *Config) *string { return &c.Labels.Hostname }),
		},
		{
			name: "env", commands: commandsReading, value: "label",
			usage: "label: environment, such as prod",
			set:   label(func(c *Config) *string { return &c.Labels.Env }),
		},
		{
			name: "node-role", commands: commandsReading, value: "label",
			usage: "label: what the machine is for, such as web",
			set:   label(func(c *Config) *string { return &c.Labels.NodeRole }),
		},
		{
			name: "tag", commands: commandsReading, value: "key=value", repeats: true, central: true,
			usage: "label of your own; repeat the flag for several (in the variable commas separate them, in the file\n" +
				"they are the map tags)",
			set: setTag,
		},
		{
			name: "interface-include", commands: commandsReading, value: "regexp",
			usage: "network interfaces to count, instead of those with hardware behind them",
			set:   pattern(func(c *Config) **regexp.Regexp { return &c.Interfaces.Include }),
		},
		{
			name: "interface-exclude", commands: commandsReading, value: "regexp",
			usage: "network interfaces not to count",
			set:   pattern(func(c *Config) **regexp.Regexp { return &c.Interfaces.Exclude }),
		},
		{
			name: "disk-include", commands: commandsReading, value: "regexp",
			usage: "block devices to count, instead of whole devices with hardware behind them",
			set:   pattern(func(c *Config) **regexp.Regexp { return &c.Disks.Include }),
		},
		{
			name: "disk-exclude", commands: commandsReading, value: "regexp",
			usage: "block devices not to count",
			set:   pattern(func(c *Config) **regexp.Regexp { return &c.Disks.Exclude }),
		},
		{
			name: "mount-include", commands: commandsReading, value: "regexp",
			usage: "mount points of filesystems to read, instead of local ones that can be written; reading a filesystem\n" +
				"that an automounter mounted keeps it mounted",
			set: pattern(func(c *Config) **regexp.Regexp { return &c.Mounts.Include }),
		},
		{
			name: "mount-exclude", commands: commandsReading, value: "regexp",
			usage: "mount points of filesystems not to read",
			set:   pattern(func(c *Config) **regexp.Regexp { return &c.Mounts.Exclude }),
		},
		{
			name: listenName, commands: []Command{ForRun}, value: "address",
			usage: "serve /healthz and Prometheus /metrics on this address, such as 127.0.0.1:9847 (default: not at all)",
			set:   setListen,
		},
		{
			name: "allow-remote", commands: []Command{ForRun}, fallback: "false", boolean: true,
			usage: "allow --listen on an address that other machines reach; there is no login",
			set:   boolean(func(c *Config) *bool { return &c.AllowRemote }),
		},
		{
			name: "json", commands: []Command{ForStatus}, fallback: "false", boolean: true, noFile: true,
			usage: "print JSON for programs",
			set:   boolean(func(c *Config) *bool { return &c.JSON }),
		},
		{
			name: "log-level", commands: commandsReading, value: "level", fallback: "info",
			choices: []string{"debug", "info", "warn", "error"},
			usage:   "debug, info, warn or error",
			set:     setLogLevel,
		},
		{
			name: "log-format", commands: []Command{ForRun}, value: "format", fallback: string(Text),
			choices: []string{string(Text), string(JSON)},
			usage:   "text or json",
			set:     setLogFormat,
		},
	}
}

// Names of settings that other files of this package use.
const (
	configName  = "config"
	latencyName = "max-latency"
	listenName  = "listen"
)

// Values of --sync that are not durations.
const (
	syncEvery = "every"
	syncNone  = "none"
)

// Values of --processes.
const (
	processOff   = "off"
	processNames = "names"
)

const variablePrefix = "METRICS_EDGE_"

// of reports whether a command has the setting.
func (s setting) of(c Command) bool { return slices.Contains(s.commands, c) }

// variable is the name of a setting's environment variable.
func (s setting) variable() string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

// key is the name of a setting in the file and in edge-config.
func (s setting) key() string {
	key := strings.ReplaceAll(s.name, "-", "_")
	if s.repeats {
		key += "s"
	}
	return key
}

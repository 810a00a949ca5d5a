package cli

import (
	"fmt"
	"log/slog"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/collect"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/sampler"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
)

// config is what the settings say.
type config struct {
	stack, stream, region string
	interval, maxLatency  time.Duration
	over                  time.Duration
	spoolDir              string
	spoolBytes            int64
	sync                  time.Duration
	backlogRate           float64
	labels                sampler.Labels
	logLevel              slog.Level
	interfaces, disks     collect.Filter
}

// Ranges of settings.
const (
	minInterval, maxInterval     = time.Second, time.Hour
	minLatency, maxLatency       = time.Second, 15 * time.Minute
	defaultLatency               = time.Minute
	minOver, maxOver             = 100 * time.Millisecond, time.Minute
	minSpoolBytes, maxSpoolBytes = spool.MinBytes, 1 << 40
	minSync, maxSync             = 100 * time.Millisecond, time.Hour
	minRate, maxRate             = 1, 10_000
	maxTags, maxLabel            = 50, 256
	// stopWithin bounds a graceful stop; systemd kills after 90 s by default.
	stopWithin = 10 * time.Second
)

// command says which commands have a setting.
type command uint8

const (
	forRun command = 1 << iota
	forOnce
	forSpool
)

// setting is one setting, declared here and nowhere else: flag, environment variable, default, help and check.
type setting struct {
	name     string // of the flag
	commands command
	kind     string // what help shows for the value
	fallback string // the default; empty where there is none
	repeats  bool
	usage    string
	// set checks the value and stores it. Its error completes "--name value: …".
	set func(c *config, value string) error
}

func settings() []setting {
	return []setting{
		{
			"stack", forRun, "name", "MetricsDashboard", false,
			"stack to ship to; its SSM parameters say where that is",
			matching(namePattern, func(c *config) *string { return &c.stack }),
		},
		{
			"stream", forRun, "name", "", false,
			"delivery stream to ship to, instead of asking the stack",
			matching(namePattern, func(c *config) *string { return &c.stream }),
		},
		{
			"region", forRun, "region", "", false,
			"AWS region of the stack, or of --stream (default: that of the environment, profile or instance)",
			matching(regionPattern, func(c *config) *string { return &c.region }),
		},
		{
			"interval", forRun, "duration", "3s", false,
			"time between samples, 1s to 1h in whole seconds", setInterval,
		},
		{
			"max-latency", forRun, "duration", "", false,
			"how long a sample waits to share a record with others, up to 15m; longer is cheaper\n" +
				"(default 1m, or the interval where that is longer)",
			durationIn(minLatency, maxLatency, func(c *config) *time.Duration { return &c.maxLatency }),
		},
		{
			"spool-dir", forRun | forSpool, "directory", "", false,
			"where samples wait until they are delivered (default: the service manager's state directory, else\n" +
				"one of the machine's for root and of the user's for others)", setSpoolDir,
		},
		{
			"spool-max", forRun, "size", "64MiB", false,
			"bound of the spool, at least 1MiB; when it is full its oldest sixteenth is dropped", setSpoolBytes,
		},
		{
			"sync", forRun, "when", "5s", false,
			"when samples are made safe from a loss of power: every (each at once), none (when the system likes to)\n" +
				"or a duration, 100ms to 1h; the end of the process loses nothing in any case", setSync,
		},
		{
			"backlog-rate", forRun, "factor", "20", false,
			"how many times faster than they were taken the samples of an outage are sent after it, 1 to 10000",
			setBacklogRate,
		},
		{
			"over", forOnce, "duration", "1s", false,
			"time between the two readings, 100ms to 1m",
			durationIn(minOver, maxOver, func(c *config) *time.Duration { return &c.over }),
		},
		{
			"env", forRun | forOnce, "label", "", false,
			"label: environment, such as prod", label(func(c *config) *string { return &c.labels.Env }),
		},
		{
			"node-role", forRun | forOnce, "label", "", false,
			"label: what the machine is for, such as web", label(func(c *config) *string { return &c.labels.NodeRole }),
		},
		{
			"tag", forRun | forOnce, "key=value", "", true,
			"label of your own; repeat for several (several in the variable are separated by commas)", setTag,
		},
		{
			"interface-include", forRun | forOnce, "regexp", "", false,
			"network interfaces to count, instead of those with hardware behind them",
			pattern(func(c *config) **regexp.Regexp { return &c.interfaces.Include }),
		},
		{
			"interface-exclude", forRun | forOnce, "regexp", "", false,
			"network interfaces not to count", pattern(func(c *config) **regexp.Regexp { return &c.interfaces.Exclude }),
		},
		{
			"disk-include", forRun | forOnce, "regexp", "", false,
			"block devices to count, instead of whole devices with hardware behind them",
			pattern(func(c *config) **regexp.Regexp { return &c.disks.Include }),
		},
		{
			"disk-exclude", forRun | forOnce, "regexp", "", false,
			"block devices not to count", pattern(func(c *config) **regexp.Regexp { return &c.disks.Exclude }),
		},
		{
			"log-level", forRun | forOnce, "level", "info", false,
			"debug, info, warn or error", setLogLevel,
		},
	}
}

// checkTogether sets what depends on several settings, and checks it. explicit says where max-latency was set, empty
// where it was not.
func (c *config) checkTogether(explicit string) error {
	least := min(c.interval, maxLatency)
	switch {
	case explicit == "":
		c.maxLatency = max(defaultLatency, least)
	case c.maxLatency < least:
		return fmt.Errorf("%s: shorter than the interval of %s; at least %s would be right", explicit,
			short(c.interval), short(least))
	}
	return nil
}

var (
	namePattern   = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
	regionPattern = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-\d+$`)
	tagKey        = regexp.MustCompile(`^[a-z0-9_]+$`)
)

func matching(re *regexp.Regexp, to func(*config) *string) func(*config, string) error {
	return func(c *config, value string) error {
		if !re.MatchString(value) {
			return fmt.Errorf("must match %s", re)
		}
		*to(c) = value
		return nil
	}
}

func durationIn(least, most time.Duration, to func(*config) *time.Duration) func(*config, string) error {
	return func(c *config, value string) error {
		d, err := time.ParseDuration(value)
		if err != nil {
			return fmt.Errorf("is no duration, which would be such as 30s or 5m")
		}
		if d < least || d > most {
			return fmt.Errorf("must be %s to %s", short(least), short(most))
		}
		*to(c) = d
		return nil
	}
}

// short writes a duration without the zeros that 15m0s ends in.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func setInterval(c *config, value string) error {
	err := durationIn(minInterval, maxInterval, func(c *config) *time.Duration { return &c.interval })(c, value)
	if err == nil && c.interval%time.Second != 0 {
		err = fmt.Errorf("must be whole seconds")
	}
	return err
}

func setSpoolDir(c *config, value string) error {
	if value == "" {
		return fmt.Errorf("must name a directory")
	}
	c.spoolDir = value
	return nil
}

func setSpoolBytes(c *config, value string) error {
	n, err := humanize.ParseBytes(value)
	if err != nil {
		return fmt.Errorf("is no size, which would be such as 64MiB")
	}
	if n < minSpoolBytes || n > min(maxSpoolBytes, math.MaxInt) {
		return fmt.Errorf("must be 1MiB to %s", humanize.IBytes(min(maxSpoolBytes, math.MaxInt)))
	}
	c.spoolBytes = int64(n)
	return nil
}

func setSync(c *config, value string) error {
	switch value {
	case "every":
		c.sync = spool.SyncEvery
		return nil
	case "none":
		c.sync = spool.SyncNever
		return nil
	}
	if err := durationIn(minSync, maxSync, func(c *config) *time.Duration { return &c.sync })(c, value); err != nil {
		return fmt.Errorf("must be every, none or a duration of %s to %s", short(minSync), short(maxSync))
	}
	return nil
}

func setBacklogRate(c *config, value string) error {
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || !(n >= minRate && n <= maxRate) {
		return fmt.Errorf("must be a number of %d to %d", minRate, maxRate)
	}
	c.backlogRate = n
	return nil
}

func checkLabel(value string) error {
	if value == "" || len(value) > maxLabel || !utf8.ValidString(value) {
		return fmt.Errorf("must be text of 1 to %d bytes", maxLabel)
	}
	return nil
}

func label(to func(*config) *string) func(*config, string) error {
	return func(c *config, value string) error {
		*to(c) = value
		return checkLabel(value)
	}
}

func setTag(c *config, value string) error {
	key, text, ok := strings.Cut(value, "=")
	if !ok || !tagKey.MatchString(key) {
		return fmt.Errorf("must be key=value with a key of a-z, 0-9 and _")
	}
	if err := checkLabel(text); err != nil {
		return fmt.Errorf("value %w", err)
	}
	if _, twice := c.labels.Tags[key]; twice {
		return fmt.Errorf("key %s is given twice", key)
	}
	if len(c.labels.Tags) == maxTags {
		return fmt.Errorf("is more than %d tags", maxTags)
	}
	if c.labels.Tags == nil {
		c.labels.Tags = map[string]string{}
	}
	c.labels.Tags[key] = text
	return nil
}

// pattern compiles an expression that has to match the whole name, so that eth1 does not also mean veth1.
func pattern(to func(*config) **regexp.Regexp) func(*config, string) error {
	return func(c *config, value string) error {
		re, err := regexp.Compile(`^(?:` + value + `)$`)
		if err != nil {
			return fmt.Errorf("is no regular expression (RE2 syntax)")
		}
		*to(c) = re
		return nil
	}
}

func setLogLevel(c *config, value string) error {
	if err := c.logLevel.UnmarshalText([]byte(value)); err != nil {
		return fmt.Errorf("must be debug, info, warn or error")
	}
	return nil
}

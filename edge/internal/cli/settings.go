package cli

import (
	"fmt"
	"log/slog"
	"math"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/collect"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/sampler"
)

// config is what the settings say.
type config struct {
	stack, stream, region string
	interval, maxLatency  time.Duration
	over                  time.Duration
	queueBytes            int64
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
	minQueueBytes, maxQueueBytes = 1 << 20, 1 << 40
	maxTags, maxLabel            = 50, 256
	// stopWithin bounds a graceful stop; systemd kills after 90 s by default.
	stopWithin = 10 * time.Second
)

// command says which commands have a setting.
type command uint8

const (
	forRun command = 1 << iota
	forOnce
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
			"spool-max", forRun, "size", "64MiB", false,
			"bound of the queue of samples that could not be shipped yet, at least 1MiB; it is in memory,\n" +
				"and the oldest samples are dropped when it is full", setQueueBytes,
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

func setQueueBytes(c *config, value string) error {
	n, err := humanize.ParseBytes(value)
	if err != nil {
		return fmt.Errorf("is no size, which would be such as 64MiB")
	}
	if n < minQueueBytes || n > min(maxQueueBytes, math.MaxInt) {
		return fmt.Errorf("must be 1MiB to %s", humanize.IBytes(min(maxQueueBytes, math.MaxInt)))
	}
	c.queueBytes = int64(n)
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

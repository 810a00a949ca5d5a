package config

import (
	"errors"
	"fmt"
	"math"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

var (
	namePattern   = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)
	regionPattern = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-\d+$`)
	tagKey        = regexp.MustCompile(`^[a-z0-9_]+$`)
)

func matching(re *regexp.Regexp, to func(*Config) *string) func(*Config, string) error {
	return func(c *Config, value string) error {
		if !re.MatchString(value) {
			return fmt.Errorf("must match %s", re)
		}
		*to(c) = value
		return nil
	}
}

func notEmpty(what string, to func(*Config) *string) func(*Config, string) error {
	return func(c *Config, value string) error {
		if value == "" {
			return fmt.Errorf("must name %s", what)
		}
		*to(c) = value
		return nil
	}
}

func durationIn(least, most time.Duration, to func(*Config) *time.Duration) func(*Config, string) error {
	return func(c *Config, value string) error {
		d, err := time.ParseDuration(value)
		if err != nil {
			return errors.New("not a duration; use for example 30s or 5m")
		}
		if d < least || d > most {
			return fmt.Errorf("must be %s to %s", short(least), short(most))
		}
		*to(c) = d
		return nil
	}
}

// short formats a duration without trailing zeros: 15m, not 15m0s.
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

func setInterval(c *Config, value string) error {
	err := durationIn(minInterval, maxInterval, func(c *Config) *time.Duration { return &c.Interval })(c, value)
	if err == nil && c.Interval%time.Second != 0 {
		err = errors.New("must be whole seconds")
	}
	return err
}

func setDetailInterval(c *Config, value string) error {
	if d, err := time.ParseDuration(value); err == nil && d == 0 {
		c.Details = 0
		return nil
	}
	if err := durationIn(minDetail, maxDetail, func(c *Config) *time.Duration { return &c.Details })(c, value); err != nil {
		return fmt.Errorf("%w, or 0", err)
	}
	return nil
}

func setProcesses(c *Config, value string) error {
	if value != processOff && value != processNames {
		return fmt.Errorf("must be %s or %s", processOff, processNames)
	}
	c.NoProcesses = value == processOff
	return nil
}

func setSpoolBytes(c *Config, value string) error {
	n, err := humanize.ParseBytes(value)
	if err != nil {
		return errors.New("not a size; use for example 64MiB")
	}
	if n < minSpoolBytes || n > min(maxSpoolBytes, math.MaxInt) {
		return fmt.Errorf("must be 1MiB to %s", humanize.IBytes(min(maxSpoolBytes, math.MaxInt)))
	}
	c.SpoolBytes = int64(n)
	return nil
}

func setSync(c *Config, value string) error {
	switch value {
	case syncEvery:
		c.Sync = spool.SyncEvery
		return nil
	case syncNone:
		c.Sync = spool.SyncNever
		return nil
	}
	if err := durationIn(minSync, maxSync, func(c *Config) *time.Duration { return &c.Sync })(c, value); err != nil {
		return fmt.Errorf("must be every, none or a duration of %s to %s", short(minSync), short(maxSync))
	}
	return nil
}

func setBacklogRate(c *Config, value string) error {
	n, err := jsonscan.ParseFloat([]byte(value))
	if err != nil || !(n >= minRate && n <= maxRate) {
		return fmt.Errorf("must be a number of %d to %d", minRate, maxRate)
	}
	c.BacklogRate = n
	return nil
}

func checkLabel(value string) error {
	if value == "" || len(value) > maxLabel || !utf8.ValidString(value) {
		return fmt.Errorf("must be text of 1 to %d bytes", maxLabel)
	}
	return nil
}

func label(to func(*Config) *string) func(*Config, string) error {
	return func(c *Config, value string) error {
		*to(c) = value
		return checkLabel(value)
	}
}

func setTag(c *Config, value string) error {
	key, text, ok := strings.Cut(value, "=")
	if !ok || !tagKey.MatchString(key) {
		return errors.New("must be key=value with a key of a-z, 0-9 and _")
	}
	if err := checkLabel(text); err != nil {
		return fmt.Errorf("value %w", err)
	}
	if _, twice := c.Labels.Tags[key]; twice {
		return fmt.Errorf("key %s is given twice", key)
	}
	if len(c.Labels.Tags) == maxTags {
		return fmt.Errorf("at most %d tags are allowed", maxTags)
	}
	if c.Labels.Tags == nil {
		c.Labels.Tags = map[string]string{}
	}
	c.Labels.Tags[key] = text
	return nil
}

// pattern compiles an expression that must match the whole name: eth1 does not match veth1.
func pattern(to func(*Config) **regexp.Regexp) func(*Config, string) error {
	return func(c *Config, value string) error {
		re, err := regexp.Compile(`^(?:` + value + `)$`)
		if err != nil {
			return errors.New("not a regular expression (RE2 syntax)")
		}
		*to(c) = re
		return nil
	}
}

func boolean(to func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, value string) error {
		b, err := strconv.ParseBool(value)
		if err != nil {
			return errors.New("must be true or false")
		}
		*to(c) = b
		return nil
	}
}

func setListen(c *Config, value string) error {
	if _, port, err := net.SplitHostPort(value); err != nil || port == "" {
		return errors.New("must be host:port, such as 127.0.0.1:9847")
	}
	c.Listen = value
	return nil
}

func setLogLevel(c *Config, value string) error {
	if err := c.LogLevel.UnmarshalText([]byte(value)); err != nil {
		return errors.New("must be debug, info, warn or error")
	}
	return nil
}

func setLogFormat(c *Config, value string) error {
	switch c.LogFormat = LogFormat(value); c.LogFormat {
	case Text, JSON:
		return nil
	}
	return errors.New("must be text or json")
}

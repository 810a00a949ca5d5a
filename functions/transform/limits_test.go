package transform_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// A record with samples of more than 24 hours is refused. It would become one record for each hour, and their partitions would push
// the samples of other collectors out of the delivery buffer.
func TestManyHours(t *testing.T) {
	for hours, want := range map[int]transform.Status{24: transform.Dropped, 25: transform.ProcessingFailed, 200: transform.ProcessingFailed} {
		var back stream
		tr, log := newTransformer(&back)
		var lines []string
		for i := range 3 * hours { // out of order, each hour three times
			lines = append(lines, fmt.Sprintf(`{"ts":%d}`, now.Unix()-int64(i%hours)*3600))
		}
		for name, data := range map[string]string{"pack": pack(t, lines...), "lines": strings.Join(lines, "\n")} {
			back.put = nil
			got := handle(t, tr, event(data, `{"ts":1770094830}`))
			if got[0].Result != want || got[1].Result != transform.OK {
				t.Errorf("%d hours, %s: %s and %s, want %s and Ok", hours, name, got[0].Result, got[1].Result, want)
			}
			if want == transform.ProcessingFailed && (len(back.put) > 0 || !strings.Contains(log.String(), "more than 24 different hours")) {
				t.Errorf("%d hours, %s: %d records put back, log %s", hours, name, len(back.put), log)
			}
		}
	}
}

// A sample that is older than the setting allows is refused, and the log says why.
func TestMaxAge(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct{ setting, age time.Duration }{{0, record.DefaultMaxAge}, {3 * day, 3 * day}, {400 * day, 400 * day}} {
		var log strings.Builder
		tr := transform.New(transform.Options{
			Stream: &stream{}, MaxAge: c.setting, Now: func() time.Time { return now }, Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		at := func(age time.Duration) string { return fmt.Sprintf(`{"ts":%.3f}`, record.TS(now.Add(-age))) }
		got := handle(t, tr, event(at(c.age), at(c.age+time.Millisecond), pack(t, at(0), at(c.age+time.Hour))))
		if got[0].Result != transform.OK || got[1].Result != transform.ProcessingFailed || got[2].Result != transform.ProcessingFailed {
			t.Errorf("setting %v: %s, %s, %s", c.setting, got[0].Result, got[1].Result, got[2].Result)
		}
		if n := strings.Count(log.String(), "raise maxSampleAgeDays"); n != 2 {
			t.Errorf("setting %v: %d reasons in %s", c.setting, n, log.String())
		}
	}
}

// Samples of the default age have fewer different hours than Firehose allows partitions.
func TestDefaultAgeKeepsBelowTheActivePartitions(t *testing.T) {
	const activePartitions = 500
	if hours := int((record.DefaultMaxAge+record.MaxAhead)/time.Hour) + 1; hours >= activePartitions {
		t.Errorf("the samples accepted at a time have up to %d hours, want fewer than %d", hours, activePartitions)
	}
}

func TestMaxAgeOfEnvironment(t *testing.T) {
	for value, want := range map[string]time.Duration{"": record.DefaultMaxAge, "1": 24 * time.Hour, "401": 401 * 24 * time.Hour} {
		got, err := transform.MaxAge(func(string) string { return value })
		if err != nil || got != want {
			t.Errorf("%q: %v, %v", value, got, err)
		}
	}
	for _, value := range []string{"0", "-1", "14d", "1.5", "99999999999"} {
		if _, err := transform.MaxAge(func(string) string { return value }); err == nil || !strings.Contains(err.Error(), "MAX_SAMPLE_AGE_DAYS") {
			t.Errorf("%q: error %v", value, err)
		}
	}
}

package environment_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/functions/internal/environment"
)

func TestReader(t *testing.T) {
	r := environment.New(func(name string) string {
		return map[string]string{"A": "a", "B": "15m", "C": "0", "LOG_LEVEL": "WARN"}[name]
	})
	a, b, c, log := r.Text("A"), r.Duration("B"), r.Days("C"), r.Log()
	if err := r.Err(); err != nil || a != "a" || b != 15*time.Minute || c != 0 {
		t.Errorf("%q, %v, %d, %v", a, b, c, err)
	}
	if log.Enabled(t.Context(), slog.LevelInfo) || !log.Enabled(t.Context(), slog.LevelWarn) {
		t.Error("the log has another level")
	}
}

// Each variable that is missing or wrong is named once, in the order of reading.
func TestProblems(t *testing.T) {
	for name, c := range map[string]struct{ value, want string }{
		"nothing is set": {"", "TEXT is not set; the stack sets it\nTIME is not set; the stack sets it\nDAYS is not set; the stack sets it\n" +
			"LOG_LEVEL is not set; the stack sets it"},
		"all are wrong": {"-x", "TIME: time: invalid duration \"-x\"\nDAYS=\"-x\": want a number of days\n" +
			"LOG_LEVEL=\"-x\": want DEBUG, INFO, WARN or ERROR: "},
		"a negative number": {"-1", "TIME: time: missing unit in duration \"-1\"\nDAYS=\"-1\": want a number of days\n" +
			"LOG_LEVEL=\"-1\": want DEBUG, INFO, WARN or ERROR: "},
	} {
		t.Run(name, func(t *testing.T) {
			r := environment.New(func(string) string { return c.value })
			r.Text("TEXT")
			r.Duration("TIME")
			r.Days("DAYS")
			r.Log()
			if err := r.Err(); err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Count(err.Error(), "\n") != strings.Count(c.want, "\n") {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

// Without a level the log has INFO.
func TestDefaultLevel(t *testing.T) {
	log, err := environment.Log("")
	if err != nil || !log.Enabled(t.Context(), slog.LevelInfo) || log.Enabled(t.Context(), slog.LevelDebug) {
		t.Errorf("another level than INFO, %v", err)
	}
}

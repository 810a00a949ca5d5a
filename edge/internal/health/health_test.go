package health_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/health"
)

func TestStateSpeaksOnChange(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	s := health.NewState(log.With(slog.String("stream", "x")), "delivery")
	s.OK()
	s.Failed(errors.New("first"), slog.Int("records", 2))
	s.Failed(errors.New("second"))
	s.Failed(errors.New("third"))
	s.OK()
	s.OK()
	s.Failed(errors.New("again"))
	want := strings.Join([]string{
		`level=WARN msg="delivery is failing" stream=x records=2 error=first`,
		`level=INFO msg="delivery works again" stream=x failures=3`,
		`level=WARN msg="delivery is failing" stream=x error=again`, "",
	}, "\n")
	if out.String() != want {
		t.Errorf("log is\n%swant\n%s", out.String(), want)
	}
	if s.Failures() != 4 {
		t.Errorf("%d failures, want 4", s.Failures())
	}
}

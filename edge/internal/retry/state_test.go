package retry_test

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
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
	s := retry.NewState(log.With(slog.String("stream", "x")), "delivery")
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
	if s.Total() != 4 {
		t.Errorf("%d failures, want 4", s.Total())
	}
}

func TestProblems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := slog.New(slog.DiscardHandler)
		a, b, c := retry.NewState(log, "a"), retry.NewState(log, "b"), retry.NewState(log, "c")
		if now, last := retry.Problems(a, b, c); len(now) != 0 || last != nil {
			t.Errorf("before any failure: %v, %v", now, last)
		}
		began := time.Now()
		c.Failed(errors.New("c1"))
		time.Sleep(time.Second)
		a.Failed(errors.New("a1"))
		time.Sleep(time.Second)
		c.Failed(errors.New("c2"))
		b.Failed(errors.New("b1"))
		time.Sleep(time.Second)
		b.Failed(errors.New("b2"))
		b.OK()
		now, last := retry.Problems(a, b, c)
		want := []retry.Problem{
			{Failure: retry.Failure{Subject: "c", At: began.Add(2 * time.Second), Error: "c2"}, Since: began, Failures: 2},
			{Failure: retry.Failure{Subject: "a", At: began.Add(time.Second), Error: "a1"}, Since: began.Add(time.Second), Failures: 1},
		}
		if !slices.Equal(now, want) || *last != (retry.Failure{Subject: "b", At: began.Add(3 * time.Second), Error: "b2"}) {
			t.Errorf("problems are %v, the last failure %v", now, last)
		}
	})
}

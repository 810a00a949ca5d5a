package athena_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// newestService answers as a lake whose newest sample is from at: with at, if the query's range contains it.
func newestService(t *testing.T, at *time.Time) *service {
	t.Helper()
	var from, to float64
	asked := false
	return serve(t, func(c call) any {
		a := table{columns: [][2]string{{"last_ts", "double"}}, rows: [][]any{{nil}}}
		switch c.operation {
		case "StartQueryExecution":
			text := c.text("QueryString")
			if !strings.Contains(text, "year BETWEEN '20") || !strings.Contains(text, "year || month || day || hour BETWEEN '20") {
				t.Errorf("the whole table is read: %s", text)
			}
			bounds := regexp.MustCompile(`ts >= ([0-9.]+) AND ts < ([0-9.]+)`).FindStringSubmatch(text)
			if bounds == nil {
				t.Errorf("no bounds in %s", text)
				return refusal{400, "InvalidRequestException", "values"}
			}
			from, to = number(t, bounds[1]), number(t, bounds[2])
			asked = true
			return map[string]any{"QueryExecutionId": "q-1"}
		case "GetQueryExecution":
			return a.execution("SUCCEEDED", "")
		}
		if ts := float64(at.UnixMilli()) / 1000; asked && !at.IsZero() && ts >= from && ts < to {
			a.rows[0][0] = fmt.Sprintf("%.3f", ts)
		}
		return a.page(0, 1)
	})
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Error(err)
	}
	return v
}

func TestNewest(t *testing.T) {
	for age, queries := range map[time.Duration]int{
		0: 1, 20 * time.Second: 1, 119 * time.Minute: 1, 3 * time.Hour: 2, 40 * 24 * time.Hour: 3, 300 * 24 * time.Hour: 4,
	} {
		at := now.Add(-age)
		s := newestService(t, &at)
		got, ok, err := s.engine(t).Newest(t.Context(), now)
		if err != nil || !ok || !got.Equal(at) {
			t.Errorf("%v ago: %v %v %v, want %v", age, got, ok, err, at)
		}
		if n := len(s.made("StartQueryExecution")); n != queries {
			t.Errorf("%v ago: %d queries, want %d", age, n, queries)
		}
	}
	for name, at := range map[string]time.Time{"empty": {}, "ahead": now.Add(time.Second), "too old": now.Add(-panels.MaxSpan - time.Hour)} {
		s := newestService(t, &at)
		if got, ok, err := s.engine(t).Newest(t.Context(), now); ok || err != nil {
			t.Errorf("%s: %v %v %v", name, got, ok, err)
		}
	}
}

func TestNewestAsksOncePerMinuteAndNoFurtherThanNeeded(t *testing.T) {
	at := now.Add(-30 * 24 * time.Hour)
	s := newestService(t, &at)
	e := s.engine(t)
	ask := func(later time.Duration, want int) {
		t.Helper()
		got, ok, err := e.Newest(t.Context(), now.Add(later))
		if err != nil || !ok || !got.Equal(at) {
			t.Fatalf("%v later: %v %v %v, want %v", later, got, ok, err, at)
		}
		if n := len(s.made("StartQueryExecution")); n != want {
			t.Fatalf("%v later: %d queries so far, want %d", later, n, want)
		}
	}
	ask(0, 3)
	ask(59*time.Second, 3)
	ask(time.Minute, 4) // one query is enough if a newest sample is known
	at = now.Add(90 * time.Second)
	ask(2*time.Minute, 5)
	at = now.Add(-40 * 24 * time.Hour) // the newest sample was deleted: search from the beginning
	ask(4*time.Minute, 8)
}

func TestFailedQuestionAboutTheNewestIsAskedAgain(t *testing.T) {
	at := now
	usual := newestService(t, &at).answer
	fail := true
	s := serve(t, func(c call) any {
		if fail {
			return refusal{400, "AccessDeniedException", "no"}
		}
		return usual(c)
	})
	e := s.engine(t)
	if _, ok, err := e.Newest(t.Context(), now); ok || err == nil {
		t.Errorf("%v %v", ok, err)
	}
	s.mu.Lock()
	fail = false
	s.mu.Unlock()
	if got, ok, err := e.Newest(t.Context(), now); !ok || err != nil || !got.Equal(at) {
		t.Errorf("%v %v %v", got, ok, err)
	}
}

package failed_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/failed"
)

// clock is a clock that only sleeping moves.
type clock struct{ now time.Time }

func (c *clock) sleep(_ context.Context, d time.Duration) error {
	c.now = c.now.Add(d)
	return nil
}

// hoursOf counts the different hours of samples that were sent in any span of the time that Firehose buffers for.
type hoursOf struct {
	clock *clock
	sent  []struct{ at, hour time.Time }
	most  int
}

func (h *hoursOf) Put(_ context.Context, records [][]byte) ([]error, error) {
	for _, r := range records {
		_, ts, _ := strings.Cut(string(r), `"t":"`)
		hour, err := time.Parse(time.RFC3339, ts[:len("2006-01-02T15:04:05Z")])
		if err != nil {
			return nil, err
		}
		h.sent = append(h.sent, struct{ at, hour time.Time }{h.clock.now, hour.Truncate(time.Hour)})
	}
	open := map[time.Time]bool{}
	for _, s := range h.sent {
		if h.clock.now.Sub(s.at) < 22*time.Minute {
			open[s.hour] = true
		}
	}
	h.most = max(h.most, len(open))
	return make([]error, len(records)), nil
}

// TestPace: the mean rate is as asked for, and samples of many hours do not come at once.
func TestPace(t *testing.T) {
	c := &clock{now: arrived}
	var object strings.Builder
	bytes := 0
	for i := range 1000 {
		at := arrived.Add(-time.Duration(i) * time.Hour)
		data := `{"ts":` + strconv.FormatInt(at.Unix(), 10) + `,"t":"` + at.Format(time.RFC3339) + `"}`
		bytes += len(data)
		object.WriteString(line(data, status, arrived))
	}
	h := &hoursOf{clock: c}
	r := &failed.Replay{
		Storage: newBucket(map[string]string{"errors/x/o": object.String()}), Stream: h,
		Pace: failed.Pace{BytesPerSecond: 10, Now: func() time.Time { return c.now }, Sleep: c.sleep},
	}
	report, err := r.Run(t.Context())
	if err != nil || report.Accepted != 1000 {
		t.Fatal(report, err)
	}
	if h.most > 260 {
		t.Errorf("%d hours at once", h.most)
	}
	last := h.sent[len(h.sent)-1].at.Sub(arrived)
	if want := time.Duration(bytes/10/2) * time.Second; last < want { // the last batch is not waited for
		t.Errorf("%d bytes took %v, want at least %v", bytes, last, want)
	}
}

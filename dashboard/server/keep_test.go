package server_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
)

// inventoryEngine counts the queries and remembers the range of the last one.
type inventoryEngine struct {
	queries *int
	last    *panels.Range
}

func (c inventoryEngine) Form(context.Context) panels.Form { return panels.DuckDB() }

func (c inventoryEngine) Query(_ context.Context, q panels.Query) (panels.Result, error) {
	*c.queries++
	*c.last = q.Range
	return panels.Result{Columns: []panels.Column{{Name: "host", Type: "VARCHAR"}}, Data: [][]any{{"web-01"}}}, nil
}

func (c inventoryEngine) Newest(context.Context, time.Time) (time.Time, bool, error) {
	return time.Time{}, false, nil
}

// The list of all hosts reads a month. So its answer is used for an hour, for each choice of filters; other panels are asked each time.
func TestInventoryIsAskedOnceAnHour(t *testing.T) {
	queries, last, now := 0, panels.Range{}, time.Date(2026, 2, 3, 10, 0, 0, 0, time.UTC)
	handler, err := server.New(inventoryEngine{&queries, &last}, server.Options{Now: func() time.Time { return now }, ForgetAfter: 10 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		path   string
		wait   time.Duration
		asked  int
		readsS float64
	}{
		{"filters-inventory?range=15m", 0, 1, 10 * 86400},
		{"filters-inventory?range=15m", 59 * time.Minute, 0, 0},
		{"filters-inventory?range=15m&env=prod", 0, 1, 10 * 86400},
		{"filters-inventory?range=15m", time.Minute, 1, 10 * 86400},
		{"filters-inventory?range=30d", 0, 1, 30 * 86400},
		{"overview-cpu?range=15m", 0, 2, 900}, // and how large the fleet is
		{"overview-cpu?range=15m", 0, 1, 900},
	} {
		now = now.Add(step.wait)
		queries, last = 0, panels.Range{}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1/api/panels/"+step.path, nil))
		if w.Code != http.StatusOK || queries != step.asked || last.To.Sub(last.From).Seconds() != step.readsS {
			t.Errorf("request %d, %s: %d, %d queries, reads %v; want %d queries of %v s", i, step.path, w.Code, queries, last.To.Sub(last.From), step.asked, step.readsS)
		}
	}
}

// Times are written in many ways; without a zone they are in UTC.
func TestTimesOfARange(t *testing.T) {
	want := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	for _, text := range []string{"2026-11-28", "2026-11-28T00:00", "2026-11-28 00:00:00", "2026-11-28T01:00:00+01:00", "1795824000"} {
		p, err := server.Params(map[string][]string{"from": {text}, "to": {"2026-11-29"}}, want, 0)
		if err != nil || !p.Range.From.Equal(want) || p.Range.To.Sub(p.Range.From) != 24*time.Hour {
			t.Errorf("from %s to 2026-11-29 is %v, %v", text, p.Range, err)
		}
	}
}

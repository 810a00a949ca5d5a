package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/access"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// dashboards answers with the definitions of all dashboards, without their SQL, which the page seldom shows.
func (s *server) dashboards(w http.ResponseWriter, r *http.Request) {
	viewer := access.ViewerOf(r.Context())
	type rule struct {
		Name     string `json:"name"`
		Sentence string `json:"sentence"`
	}
	var rules []rule
	for _, of := range panels.AllRules() {
		rules = append(rules, rule{of.Name, of.Sentence})
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"now":    unix(s.options.Now()),
		"viewer": viewer.Name, "signed_in": viewer.SignedIn, // who looks, and whether they can sign out
		"dashboards": panels.All(), "metrics": panels.Metrics(),
		"rules": rules, "overrides": len(s.options.Rules.Overrides), // when a host has a problem, and how many changes an operator made
		"refresh_s": s.options.Refresh.Seconds(),     // the least time between two refreshes of a page
		"forget_s":  s.options.ForgetAfter.Seconds(), // how long a silent host is listed
		"few_hosts": panels.FewHosts,                 // how many hosts may each have a line in a chart
	})
}

// panelData is the answer to a request for a panel's data. Times are Unix seconds.
type panelData struct {
	Panel   string  `json:"panel"`
	From    float64 `json:"from"`
	To      float64 `json:"to"`
	BucketS float64 `json:"bucket_s"`
	Rollup  string  `json:"rollup,omitempty"` // that the rows are of, such as 1m; absent if they are samples
	LastS   float64 `json:"last_s,omitempty"` // the panel shows only so many seconds at the end of the range; absent if it shows all
	// ShownS is how many seconds at the end of the range the panel shows if it never shows the chosen range; absent if it does.
	ShownS   float64         `json:"shown_s,omitempty"`
	Columns  []panels.Column `json:"columns"`
	Data     [][]any         `json:"data"` // by column
	Rows     int             `json:"rows"`
	TookMS   float64         `json:"took_ms"`
	Warnings []string        `json:"warnings,omitempty"`
	Cost     *panels.Cost    `json:"cost,omitempty"`
}

// values reads the parameters of a request. If it cannot, it answers the request itself.
func values(w http.ResponseWriter, r *http.Request) (q url.Values, ok bool) {
	q, err := requestValues(r)
	if err != nil {
		writeError(w, http.StatusBadRequest, oneLine(err))
	}
	return q, err == nil
}

// asked finds a panel and reads the parameters of a request. If it cannot, it answers the request itself.
func (s *server) asked(w http.ResponseWriter, r *http.Request, id string, q url.Values) (panel panels.Panel, params panels.Params, ok bool) {
	panel, ok = panels.Find(id)
	if !ok {
		writeError(w, http.StatusNotFound, fmt.Sprintf("there is no panel %q", id))
		return panel, params, false
	}
	if panel.ID == panels.InventoryID {
		panel.MinSpanS = int(s.options.ForgetAfter.Seconds())
	}
	now, err := s.nowOf(q)
	if err != nil {
		writeError(w, http.StatusBadRequest, oneLine(err))
		return panel, params, false
	}
	params, err = Params(q, now.Truncate(s.options.Step), s.options.Delay)
	params.Rules = s.options.Rules
	if err != nil {
		writeError(w, http.StatusBadRequest, oneLine(err))
		return panel, params, false
	}
	if len(panel.Together) > 0 && params.Host == "" {
		params.Bucket = max(params.Bucket, panels.BucketFor(params.Range, panels.BucketsFor(panel, s.fleetSize(r.Context(), params), false)))
	}
	return panel, params, true
}

// nowOf is the time at which a range such as 24h ends, and removes it from the parameters. The page gives its queries the same time, in the
// parameter at. Without it, each request would have a range of its own.
func (s *server) nowOf(q url.Values) (time.Time, error) {
	if !q.Has("at") {
		return s.options.Now(), nil
	}
	if n := len(q["at"]); n > 1 {
		return time.Time{}, fmt.Errorf("parameter at is given %d times", n)
	}
	text := q.Get("at")
	q.Del("at")
	return parseTime("at", text)
}

// data runs a panel's query. If that fails, it answers the request itself.
func (s *server) data(w http.ResponseWriter, r *http.Request, panel panels.Panel, params panels.Params) (a answer, ok bool) {
	a, err := s.ask(r.Context(), panel, params)
	if err != nil {
		s.fail(w, r, err)
		return a, false
	}
	return a, true
}

// ask runs a panel's query, or returns an answer that is kept.
func (s *server) ask(ctx context.Context, panel panels.Panel, params panels.Params) (answer, error) {
	ask := func() (a answer, err error) {
		err = s.limited(ctx, func(ctx context.Context) (err error) {
			// To bind it can need a query of the engine, about the rollups that exist.
			if a.query, err = panels.Bind(panel, params, s.engine.Form(ctx)); err != nil {
				return err
			}
			a.result, err = s.engine.Query(ctx, a.query)
			return err
		})
		return a, err
	}
	if panel.KeepS > 0 {
		return s.kept.do(ctx, s.kept.key(panel, params), s.options.Now, time.Duration(panel.KeepS)*time.Second, ask)
	}
	return ask()
}

func (s *server) panel(w http.ResponseWriter, r *http.Request) {
	q, ok := values(w, r)
	if !ok {
		return
	}
	panel, params, ok := s.asked(w, r, r.PathValue("id"), q)
	if !ok {
		return
	}
	params.Together = true
	began := s.options.Now()
	a, ok := s.data(w, r, panel, params)
	if !ok {
		return
	}
	result, lastS, shownS := a.result, 0., 0.
	switch {
	case a.query.Cut:
		lastS = a.query.Shown.Seconds()
	case a.query.Shown != params.Range.To.Sub(params.Range.From):
		shownS = a.query.Shown.Seconds()
	}
	writeJSON(w, http.StatusOK, panelData{
		Panel: panel.ID,
		From:  unix(params.Range.From), To: unix(params.Range.To), BucketS: a.query.Bucket.Seconds(), Rollup: a.query.Rollup, LastS: lastS, ShownS: shownS,
		Columns: result.Columns, Data: result.Data, Rows: result.Rows(), Warnings: result.Warnings, Cost: result.Cost,
		TookMS: float64(s.options.Now().Sub(began).Microseconds()) / 1000,
	})
}

// statusData says how fresh the lake is.
type statusData struct {
	Now    float64  `json:"now"`
	Newest *float64 `json:"newest"` // time of the newest sample; null if there is none
	LagS   *float64 `json:"lag_s"`
	DelayS float64  `json:"delay_s"` // the longest lag that is normal
	Source string   `json:"source"`
	// Spent is what all queries since the server's start have cost; absent if they cost nothing.
	Spent *panels.Cost `json:"spent,omitempty"`
}

func (s *server) status(w http.ResponseWriter, r *http.Request) {
	now := s.options.Now()
	data := statusData{Now: unix(now), DelayS: s.options.Delay.Seconds(), Source: s.options.Source}
	err := s.limited(r.Context(), func(ctx context.Context) error {
		newest, ok, err := s.engine.Newest(ctx, now)
		if ok {
			at, lag := unix(newest), now.Sub(newest).Seconds()
			data.Newest, data.LagS = &at, &lag
		}
		return err
	})
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if s.options.Spent != nil {
		spent := s.options.Spent()
		data.Spent = &spent
	}
	writeJSON(w, http.StatusOK, data)
}

// limited runs f with the timeout of queries. If too many queries are running, it waits first.
func (s *server) limited(ctx context.Context, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := f(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err() // the engine's error about its interruption is less clear
		}
		return err
	}
	return nil
}

// fail answers a request whose query failed.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case r.Context().Err() != nil: // nobody reads the answer
		w.WriteHeader(http.StatusServiceUnavailable)
	case errors.Is(err, context.DeadlineExceeded):
		s.options.Log.Warn("query took too long", slog.String("path", r.URL.Path), slog.Duration("limit", s.options.Timeout))
		writeError(w, http.StatusGatewayTimeout, fmt.Sprintf("the query took longer than %v: choose a shorter range", s.options.Timeout))
	default:
		s.options.Log.Error("query failed", slog.String("path", r.URL.Path), slog.Any("error", err))
		writeError(w, http.StatusInternalServerError, oneLine(err))
	}
}

func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

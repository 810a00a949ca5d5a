package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
)

// manyHosts answers each query with 10,000 hosts and counts the queries.
type manyHosts struct{ queries *int }

func (manyHosts) Form(context.Context) panels.Form { return panels.DuckDB() }

func (e manyHosts) Query(context.Context, panels.Query) (panels.Result, error) {
	*e.queries++
	r := panels.Result{Data: make([][]any, 6)}
	for _, name := range []string{"host", "env", "role", "tag", "value", "hosts"} {
		r.Columns = append(r.Columns, panels.Column{Name: name})
	}
	for n := range 10_000 {
		row := []any{fmt.Sprintf("node-%05d", n), []string{"prod", "(none)"}[n%2], fmt.Sprintf("role-%d", n%300), "rack", fmt.Sprintf("r%04d", n), int64(1 + n%2)}
		for i, v := range row {
			r.Data[i] = append(r.Data[i], v)
		}
	}
	return r, nil
}

func (manyHosts) Newest(context.Context, time.Time) (time.Time, bool, error) {
	return time.Time{}, false, nil
}

// The server searches what a filter can be set to. Its answers are bounded, and a search that follows another one needs no query.
func TestChoicesAreSearchedOnTheServer(t *testing.T) {
	queries := 0
	handler, err := server.New(manyHosts{&queries}, server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		of, search  string
		first, note string
		found, all  int
	}{
		{"host", "", "node-00000", "role-0 · prod", 10_000, 10_000},
		{"host", "node-09999", "node-09999", "role-99", 1, 10_000},
		{"host", "9999 node", "node-09999", "role-99", 1, 10_000},
		{"host", "ROLE-7 prod 01507", "", "", 0, 10_000},
		{"host", "role-7 01507", "node-01507", "role-7", 1, 10_000},
		{"env", "", "(none)", "", 2, 2},
		{"role", "role-29", "role-29", "", 11, 300},
		{"tag", "r0042", "rack=r0042", "1 host", 1, 10_000},
		{"tag", "rack=r", "rack=r0000", "1 host", 10_000, 10_000},
		{"tag", "2 hosts", "rack=r0002", "2 hosts", 0, 10_000},
	} {
		w := httptest.NewRecorder()
		path := "http://127.0.0.1/api/choices/" + c.of + "?" + url.Values{"range": {"24h"}, "search": {c.search}}.Encode()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		var got struct {
			Options []struct{ Value, Note string }
			Found   int
			All     int
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s: %d %v %.200s", path, w.Code, err, w.Body)
		}
		if c.search == "2 hosts" {
			if got.Found == 0 || got.Options[0].Note != "2 hosts" {
				t.Errorf("tags of 2 hosts: %+v", got)
			}
			continue
		}
		if got.Found != c.found || got.All != c.all || len(got.Options) != min(c.found, 50) {
			t.Errorf("%s %q: %d options, %d found of %d", c.of, c.search, len(got.Options), got.Found, got.All)
		}
		if len(got.Options) > 0 && (got.Options[0].Value != c.first || got.Options[0].Note != c.note) {
			t.Errorf("%s %q: the first is %+v, want %s, %s", c.of, c.search, got.Options[0], c.first, c.note)
		}
	}
	if queries != 2 {
		t.Errorf("%d queries, want one for hosts and one for tags", queries)
	}
	for path, status := range map[string]int{
		"colour": http.StatusNotFound, "host?search=" + strings.Repeat("x", 256): http.StatusBadRequest, "host?search=%ff": http.StatusBadRequest,
		"host?range=1x": http.StatusBadRequest, "host?nonsense=1": http.StatusBadRequest,
	} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1/api/choices/"+path, nil))
		if w.Code != status {
			t.Errorf("%s: %d, want %d", path, w.Code, status)
		}
	}
}

// A panel about a large fleet has fewer buckets, and the answer says how wide they are. The first request asks how large the fleet is.
func TestLargeFleetsHaveWiderBuckets(t *testing.T) {
	queries := 0
	handler, err := server.New(manyHosts{&queries}, server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	bucket := func(path string) float64 {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1/api/"+path, nil))
		var got struct {
			BucketS float64 `json:"bucket_s"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s: %d %v", path, w.Code, err)
		}
		return got.BucketS
	}
	const cpu = "panels/overview-cpu?range=24h&buckets=300"
	if got := bucket(cpu + "&host=node-00001"); got != 300 || queries != 1 {
		t.Errorf("about one host, the first answer has buckets of %v s and took %d queries, want 300 s and 1 query", got, queries)
	}
	queries = 0
	if got := bucket(cpu); got != 1800 || queries != 2 {
		t.Errorf("the first answer has buckets of %v s and took %d queries, want 1800 s and 2 queries", got, queries)
	}
	for path, want := range map[string]float64{cpu: 1800, cpu + "&host=node-00001": 300, "panels/overview-lag?range=24h&buckets=300": 300} {
		if got := bucket(path); got != want {
			t.Errorf("%s: a bucket has %v s, want %v", path, got, want)
		}
	}
}

// movedHosts answers each query with 150 hosts that each had two roles in the time range: 300 rows.
type movedHosts struct{ manyHosts }

func (movedHosts) Query(context.Context, panels.Query) (panels.Result, error) {
	r := panels.Result{Columns: []panels.Column{{Name: "host"}, {Name: "env"}, {Name: "role"}}, Data: make([][]any, 3)}
	for n := range 300 {
		for i, v := range []any{fmt.Sprintf("node-%03d", n/2), "prod", []string{"web", "db"}[n%2]} {
			r.Data[i] = append(r.Data[i], v)
		}
	}
	return r, nil
}

// A host that changed its role counts once in the size of the fleet.
func TestHostsOfSeveralRolesCountOnce(t *testing.T) {
	handler, err := server.New(movedHosts{}, server.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1/api/panels/overview-cpu?range=24h&buckets=300", nil))
	var got struct {
		BucketS float64 `json:"bucket_s"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.BucketS != 300 {
		t.Errorf("%d: a bucket has %v s, want 300: %v", w.Code, got.BucketS, err)
	}
}

package lake_test

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

var seconds = regexp.MustCompile(`date_add\('second', -([^,]*), current_timestamp\)`)

// elements matches how Trino names the columns that it makes of a list of structs.
var elements = regexp.MustCompile(`AS element \([a-z_, ]+\)`)

// inDuckDB turns a saved query into one for DuckDB that runs at a given moment: it replaces the functions that only Trino has.
func inDuckDB(sql string, at time.Time) string {
	moment := at.UTC().Format("TIMESTAMP '2006-01-02 15:04:05'")
	sql = elements.ReplaceAllString(sql, "AS unnested (element)")
	sql = seconds.ReplaceAllString(sql, "("+moment+" - to_seconds($1))")
	return strings.NewReplacer(
		"date_format(", "strftime(",
		"approx_percentile(", "quantile_cont(",
		"array_join(", "array_to_string(",
		"sequence(", "generate_series(",
		"to_unixtime(current_timestamp)", fmt.Sprintf("CAST(%d AS double)", at.Unix()),
		"current_timestamp", moment,
	).Replace(sql)
}

// The saved form of each panel gives the same rows as the bound form, for every choice, and if the range crosses the end of an
// hour, a day or a month.
func TestSavedGivesWhatBoundGives(t *testing.T) {
	l, _ := fixture(t)
	spans := []time.Duration{2 * time.Hour, time.Hour, 24 * time.Hour}
	to := start.Add(2*time.Hour + 30*time.Minute)
	for name, c := range map[string]struct {
		saved  panels.Saved
		params panels.Params
	}{
		"nothing chosen": {panels.Saved{Spans: spans[:1]}, params(to.Add(-2*time.Hour), to)},
		"all chosen": {
			panels.Saved{Spans: spans, Hours: "1", Host: "'db-01'", Env: "'prod'", Metric: "'ram_pct'"},
			func() panels.Params {
				p := params(to.Add(-time.Hour), to)
				p.Host, p.Env, p.Metric = "db-01", "prod", "ram_pct"
				return p
			}(),
		},
		"a day, all hosts": {
			panels.Saved{Spans: spans, Hours: "24", Host: "''", Env: "''", Metric: "'disk_used_pct'"},
			func() panels.Params {
				p := params(to.Add(-24*time.Hour), to)
				p.Metric = "disk_used_pct"
				return p
			}(),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.saved.Table, c.saved.Delay = "samples", c.params.Delay
			c.params.Bucket, c.params.Series = panels.BucketFor(c.params.Range, 300), 12
			for _, d := range append(panels.All(), panels.Dashboard{Panels: panels.Questions()}) {
				for _, p := range d.Panels {
					text, err := c.saved.SQL(d, p)
					if err != nil {
						t.Fatal(err)
					}
					got, err := l.Query(t.Context(), panels.Query{SQL: inDuckDB(text, to)})
					if err != nil {
						t.Fatalf("%s: %v\n%s", p.ID, err, text)
					}
					p.MinSpanS = max(p.MinSpanS, d.SpanS)
					bound, err := panels.Bind(p, c.params, l.Form(t.Context()))
					if err != nil {
						t.Fatal(err)
					}
					want, err := l.Query(t.Context(), bound)
					if err != nil {
						t.Fatal(err)
					}
					sameRows(t, p.ID, got, want)
				}
			}
		})
	}
}

// sameRows compares two results. The last digits of sums may differ, and so may the order of equal rows.
func sameRows(t *testing.T, id string, got, want panels.Result) {
	t.Helper()
	if got.Rows() != want.Rows() || len(got.Columns) != len(want.Columns) {
		t.Errorf("%s gives %d rows of %d columns, want %d of %d", id, got.Rows(), len(got.Columns), want.Rows(), len(want.Columns))
		return
	}
	order := byKey(want)
	for i, row := range byKey(got) {
		for c, column := range want.Columns {
			have, wanted := float(got.Data[c][row]), float(want.Data[c][order[i]])
			n, ok := have.(float64)
			m, number := wanted.(float64)
			if same := ok && number && math.Abs(n-m) <= 1e-6*(1+math.Abs(m)); !same && !reflect.DeepEqual(have, wanted) {
				t.Errorf("%s: %s is %v, want %v", id, column.Name, have, wanted)
				return
			}
		}
	}
}

// float turns all types of numbers into one.
func float(v any) any {
	if n, ok := v.(int64); ok {
		return float64(n)
	}
	return v
}

// byKey returns the indices of the rows, ordered by the texts and times of the rows.
func byKey(r panels.Result) []int {
	places := make([]int, r.Rows())
	keys := make([]string, r.Rows())
	for i := range places {
		places[i] = i
		for c, column := range r.Columns {
			_, text := r.Data[c][i].(string)
			if text || slices.Contains([]string{"t", "start_t", "day", "hour", "weekday"}, column.Name) {
				keys[i] += fmt.Sprint(r.Data[c][i], " ")
			}
		}
	}
	slices.SortStableFunc(places, func(a, b int) int { return strings.Compare(keys[a], keys[b]) })
	return places
}

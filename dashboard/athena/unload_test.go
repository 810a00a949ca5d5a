package athena_test

import (
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// A rollup's statement is unloaded into its folder. Its answer has no rows to fetch.
func TestUnload(t *testing.T) {
	s := serve(t, answering(table{scanned: 20 << 20}))
	e := s.engine(t)
	cost, err := e.Unload(t.Context(), panels.Minutes.Query(e.Form(t.Context()), time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC))+";\n", "s3://b/it's/run/")
	if err != nil || cost.ScannedBytes != 20<<20 || e.Spent() != cost {
		t.Errorf("%+v, %v; spent %+v", cost, err, e.Spent())
	}
	text := s.made("StartQueryExecution")[0].text("QueryString")
	if !strings.HasPrefix(text, "UNLOAD (\nSELECT hostname") ||
		!strings.HasSuffix(text, "\n) TO 's3://b/it''s/run/' WITH (format = 'PARQUET', compression = 'ZSTD', compression_level = '9')") || strings.Contains(text, ";") {
		t.Errorf("the statement is %s", text)
	}
	if n := len(s.made("GetQueryResults")); n > 0 {
		t.Errorf("%d pages of results fetched", n)
	}
}

func TestUnloadThatFails(t *testing.T) {
	s := serve(t, func(c call) any {
		if c.operation == "StartQueryExecution" {
			return map[string]any{"QueryExecutionId": "q-1"}
		}
		return table{}.execution("FAILED", "HIVE_BAD_DATA: field cpu_pct")
	})
	_, err := s.engine(t).Unload(t.Context(), "SELECT 1", "s3://b/c/")
	if want := "unload to s3://b/c/: query q-1 failed: HIVE_BAD_DATA: field cpu_pct"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

package athena

import (
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

func TestDefine(t *testing.T) {
	const samples, table = "samples AS (SELECT * FROM db.t)", "db.t"
	once := "samples_once AS (" + panels.OnceOf(table) + ")"
	otel := "samples_otel AS (" + record.OTelSelect(table) + ")"
	for sql, want := range map[string]string{
		"SELECT 1 FROM samples_otel":                    "WITH " + otel + "\nSELECT 1 FROM samples_otel",
		"SELECT 1 FROM samples":                         "WITH " + samples + "\nSELECT 1 FROM samples",
		"SELECT 1 FROM Samples_Once o":                  "WITH " + once + "\nSELECT 1 FROM Samples_Once o",
		"SELECT 1 FROM samples, samples_once":           "WITH " + samples + ", " + once + "\nSELECT 1 FROM samples, samples_once",
		"WITH a AS (SELECT 1 FROM samples) TABLE a":     "WITH " + samples + ", a AS (SELECT 1 FROM samples) TABLE a",
		"with recursive a AS (TABLE samples) TABLE a":   "with recursive " + samples + ", a AS (TABLE samples) TABLE a",
		"-- with\n/* x */ select 1 from samples":        "-- with\n/* x */ WITH " + samples + "\nselect 1 from samples",
		"EXPLAIN ANALYZE SELECT 1 FROM samples":         "EXPLAIN ANALYZE WITH " + samples + "\nSELECT 1 FROM samples",
		"(SELECT 1 FROM samples)":                       "WITH " + samples + "\n(SELECT 1 FROM samples)",
		"SELECT 1":                                      "SELECT 1",
		"SELECT 1 FROM my_samples":                      "SELECT 1 FROM my_samples",
		"SHOW COLUMNS IN samples":                       "SHOW COLUMNS IN samples",
		"DROP TABLE samples":                            "DROP TABLE samples",
		"WITH samples AS (SELECT 2) TABLE samples":      "WITH samples AS (SELECT 2) TABLE samples",
		"WITH samples (n) AS (SELECT 2) TABLE samples":  "WITH samples (n) AS (SELECT 2) TABLE samples",
		"SELECT s.n FROM samples AS s":                  "WITH " + samples + "\nSELECT s.n FROM samples AS s",
		"SELECT 1 FROM samples WHERE x IN (SELECT 1)":   "WITH " + samples + "\nSELECT 1 FROM samples WHERE x IN (SELECT 1)",
		"WITH b AS (SELECT 1) SELECT 1 FROM samples, b": "WITH " + samples + ", b AS (SELECT 1) SELECT 1 FROM samples, b",
	} {
		if got := define(sql, table); got != want {
			t.Errorf("%s\nbecomes %s\nwant    %s", sql, got, want)
		}
	}
	if got := define("SELECT 1 FROM samples", panels.Samples); got != "SELECT 1 FROM samples" {
		t.Errorf("a table that is called samples is defined again: %s", got)
	}
	if got := define("SELECT 1 FROM samples_once", panels.Samples); !strings.Contains(got, " FROM samples) AS copies ") {
		t.Errorf("samples_once of samples: %s", got)
	}
}

func TestIsQuery(t *testing.T) {
	for sql, want := range map[string]bool{
		"SELECT 1": true, " \n(select 1)": true, "VALUES 1": true, "TABLE t": true, "WITH a AS (SELECT 1) TABLE a": true,
		"EXPLAIN (TYPE LOGICAL) SELECT 1": true, "/* a */ -- b\nSELECT 1": true,
		"": false, "-- SELECT 1": false, "SELECTED": false, "INSERT INTO t SELECT 1": false, "EXPLAIN INSERT INTO t SELECT 1": false,
		"/* SELECT 1": false, "SHOW TABLES": false, "EXPLAIN": false,
	} {
		if got := isQuery(sql); got != want {
			t.Errorf("%q: %v, want %v", sql, got, want)
		}
	}
}

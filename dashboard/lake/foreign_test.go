package lake_test

import (
	"testing"

	"github.com/parquet-go/parquet-go"
)

// foreign is a row of a producer that gives a column another type than the contract.
type foreign struct {
	TS        float64 `parquet:"ts"`
	SessionID string  `parquet:"session_id"`
	UptimeS   string  `parquet:"uptime_s"`
}

func writeForeign(t *testing.T, path string) {
	t.Helper()
	rows := []foreign{{TS: 1, SessionID: "foreign", UptimeS: "77"}, {TS: 2, SessionID: "foreign", UptimeS: "a while"}}
	if err := parquet.WriteFile(path, rows); err != nil {
		t.Fatal(err)
	}
}

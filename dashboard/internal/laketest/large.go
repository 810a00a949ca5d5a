package laketest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
)

// LargeFleets are the fleets on which the speed of pages is measured: 1.44 and 2.88 million samples in a day. The page shows its end.
func LargeFleets() []Fleet {
	end := time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)
	day := Fleet{From: end.Add(-24 * time.Hour), To: end, Seed: 1, Recent: time.Hour}
	thousand, tenThousand := day, day
	thousand.Hosts, thousand.Interval = 1000, time.Minute
	tenThousand.Hosts, tenThousand.Interval = 10_000, 5*time.Minute
	return []Fleet{thousand, tenThousand}
}

// Large returns the lake of a fleet below root, with rollups as the local stack makes them. It makes the lake unless it is there; an empty
// root is a directory for this test.
func Large(t testing.TB, root string, f Fleet) (dir string) {
	t.Helper()
	if root == "" {
		root = t.TempDir()
	}
	dir = filepath.Join(root, fmt.Sprint("hosts-", f.Hosts))
	done := filepath.Join(dir, ".done")
	if _, err := os.Stat(done); err == nil {
		return dir
	}
	began := time.Now()
	rows := WriteFleet(t, dir, f)
	roller, err := lake.OpenRoller(dir, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(roller.Run(t.Context(), f.To, func(lake.Rolled) {}), roller.Close(), os.WriteFile(done, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Logf("made %d rows of %d hosts in %v", rows, f.Hosts, time.Since(began).Round(time.Second))
	return dir
}

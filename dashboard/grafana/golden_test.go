package grafana

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/server"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestCommitted: the committed files are what the default settings give, and the SDK, which is made from Grafana's schema, reads each field
// of them.
func TestCommitted(t *testing.T) {
	plugins.RegisterDefaultPlugins()
	for _, e := range []Engine{Athena, DuckDB} {
		files, err := Files(Options{Engine: e, Table: panels.Samples, Delay: server.DefaultDelay, Lake: "/path/to/lake"})
		if err != nil {
			t.Fatal(err)
		}
		known := map[string]bool{}
		for _, f := range files {
			known[f.Name] = true
			path := filepath.Join(e.Name, f.Name)
			if *update {
				if err := os.WriteFile(path, f.Text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			committed, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(committed, f.Text) {
				t.Errorf("%s is stale (%v): go test ./grafana -update writes it", path, err)
			}
			if f.Name == Views {
				continue
			}
			var d model
			if err := d.UnmarshalJSONStrict(f.Text); err != nil && err.Error() != "" { // the SDK returns an empty list of errors, too
				t.Errorf("%s: %v", path, err)
			}
			if err := json.Unmarshal(f.Text, &d); err != nil { // the strict form leaves out panels
				t.Fatalf("%s: %v", path, err)
			}
			checkLayout(t, path, d)
		}
		present, err := os.ReadDir(e.Name)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range present {
			if !known[entry.Name()] {
				t.Errorf("%s/%s is of no dashboard", e.Name, entry.Name())
			}
		}
	}
}

// checkLayout refuses panels that overlap or leave the grid, and numbers that two panels have.
func checkLayout(t *testing.T, path string, d model) {
	t.Helper()
	taken, numbers := map[[2]uint32]bool{}, map[uint32]bool{}
	if len(d.Panels) == 0 {
		t.Errorf("%s has no panels", path)
	}
	for _, p := range d.Panels {
		at := p.Panel.GridPos
		if numbers[*p.Panel.Id] || at.X+at.W > 24 {
			t.Errorf("%s: panel %d is there twice or too wide", path, *p.Panel.Id)
		}
		numbers[*p.Panel.Id] = true
		for x := at.X; x < at.X+at.W; x++ {
			for y := at.Y; y < at.Y+at.H; y++ {
				if taken[[2]uint32{x, y}] {
					t.Fatalf("%s: panel %q overlaps another", path, *p.Panel.Title)
				}
				taken[[2]uint32{x, y}] = true
			}
		}
	}
}

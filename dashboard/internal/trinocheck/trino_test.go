//go:build trino

package trinocheck

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// TestTrinoReadsEveryPanel checks each panel with its parameters as Athena's API takes them and with the values in place as
// the page shows it, and the queries that the stack leaves in Athena and QuickSight.
func TestTrinoReadsEveryPanel(t *testing.T) {
	to := time.Date(2026, 2, 3, 12, 0, 0, 0, time.UTC)
	params := panels.Params{
		Range: panels.Range{From: to.Add(-26 * time.Hour), To: to}, Bucket: 5 * time.Minute, Series: 12, Delay: 6 * time.Minute,
		Host: `o'neil "x" 🦊 ?`, Env: "prod", Role: "''", TagKey: "team", TagValue: `a'b`, Metric: "ram_pct", Offset: -3 * time.Hour,
	}
	dir := t.TempDir()
	want := map[string]bool{"wrong.sql": false, "writes.sql": false, "duckdb.sql": false}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range append(panels.All(), panels.Dashboard{Panels: panels.Questions()}) {
		for _, p := range d.Panels {
			q, err := panels.Bind(p, params)
			if err != nil {
				t.Fatal(err)
			}
			write(p.ID+".bound.sql", q.SQL)
			write(p.ID+".literal.sql", panels.Literal(q, "metrics.samples"))
			want[p.ID+".bound.sql"], want[p.ID+".literal.sql"] = true, true
		}
	}
	for name, sql := range deployed(t) {
		write(name+".sql", sql)
		want[name+".sql"] = true
	}
	// What the check itself must refuse.
	write("wrong.sql", "SELECT FROM WHERE")
	write("writes.sql", "DELETE FROM samples")
	write("duckdb.sql", "SELECT ts::bigint FROM samples QUALIFY true")

	cmd := exec.CommandContext(t.Context(), "mvn", "--batch-mode", "--quiet", "compile", "exec:java", "-Dexec.args="+dir,
		"-DbuildDirectory="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("mvn: %v\n%s", err, out)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		_, rest, ok := strings.Cut(strings.TrimSpace(line), "check: ") // Maven may colour what stands before
		if !ok {
			continue
		}
		name, problem, _ := strings.Cut(rest, ": ")
		seen++
		if good := problem == "ok"; good != want[name] {
			t.Errorf("%s: %s", name, problem)
		}
	}
	if seen != len(want) {
		t.Errorf("%d texts checked, want %d", seen, len(want))
	}
	t.Logf("Trino's parser has read %d texts", seen)
}

// deployed are the queries of the largest committed template, with values as QuickSight writes them in.
func deployed(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "local", "internal", "template", "testdata", "everything.json"))
	if err != nil {
		t.Fatal(err)
	}
	var template struct {
		Resources map[string]struct {
			Type       string
			Properties struct {
				QueryString      string
				PhysicalTableMap map[string]struct {
					CustomSQL struct{ SQLQuery string } // names are matched in any case
				}
			}
		}
	}
	if err := json.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	values := strings.NewReplacer("<<$hours>>", "24", "<<$host>>", "'(all)'", "<<$environment>>", "'prod'", "<<$metric>>", "'ram_pct'")
	queries := map[string]string{}
	types := map[string]int{}
	for id, r := range template.Resources {
		switch r.Type {
		case "AWS::Athena::NamedQuery":
			queries[id] = r.Properties.QueryString
		case "AWS::QuickSight::DataSet":
			for _, table := range r.Properties.PhysicalTableMap {
				queries[id] = values.Replace(table.CustomSQL.SQLQuery)
			}
		default:
			continue
		}
		types[r.Type]++
	}
	if len(types) != 2 {
		t.Fatalf("the template has queries of %v", types)
	}
	return queries
}

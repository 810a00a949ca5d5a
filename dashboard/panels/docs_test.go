package panels_test

import (
	"os"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// TestDocument checks that the document for people names each dashboard, and each panel of those in the menu.
func TestDocument(t *testing.T) {
	content, err := os.ReadFile("../../docs/dashboards.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range panels.All() {
		if d.Hidden {
			continue
		}
		_, text, ok := strings.Cut(string(content), "\n**"+d.Title+"**: ")
		if !ok {
			t.Errorf("docs/dashboards.md does not tell of %s", d.Title)
			continue
		}
		text, _, _ = strings.Cut(text, "\n**")
		for _, p := range d.Panels {
			if !strings.Contains(text, "*"+p.Title+"*") {
				t.Errorf("docs/dashboards.md does not name the panel %s of %s", p.Title, d.Title)
			}
		}
	}
}

package alerts_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// TestDocument reads the document for people: its table says what the rules say, and its example can be used.
func TestDocument(t *testing.T) {
	content, err := os.ReadFile("../../docs/problems.md")
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	amount := func(v float64, unit panels.Unit) string {
		switch {
		case v == 0:
			return ""
		case unit == panels.Percent:
			return fmt.Sprintf("%v %%", v)
		case unit == panels.Duration:
			return fmt.Sprintf("%v h", v/3600)
		default:
			return fmt.Sprint(v)
		}
	}
	table := "| problem | when it begins | critical | ends |\n| --- | --- | --- | --- |\n"
	for _, p := range panels.AllRules() {
		table += fmt.Sprintf("| %s | %s | %s | %s |\n", p.Name, p.Sentence, amount(p.Critical, p.Unit), amount(p.Clear, p.Unit))
	}
	if !strings.Contains(text, table) {
		t.Errorf("docs/problems.md does not have this table:\n%s", table)
	}
	_, example, _ := strings.Cut(text, "```json\n")
	example, _, _ = strings.Cut(example, "```")
	rules, err := alerts.ParseRules([]byte(example))
	if err != nil || len(rules.Overrides) != 5 { // two of the problems of one override are two
		t.Fatalf("the example gives %d overrides: %v", len(rules.Overrides), err)
	}
}

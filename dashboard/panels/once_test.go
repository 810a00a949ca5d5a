package panels_test

import (
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

func TestOnceHasTheColumnsOfTheContract(t *testing.T) {
	text := panels.OnceOf("t")
	for _, c := range record.Columns() {
		if strings.Count(text, `"`+c.Name+`"`) != 1 {
			t.Errorf("column %s", c.Name)
		}
	}
}

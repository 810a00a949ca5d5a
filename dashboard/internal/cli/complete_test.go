package cli_test

import (
	"strings"
	"testing"
)

// TestCompletion asks for completions as the scripts of the shells do.
func TestCompletion(t *testing.T) {
	lake := fixture(t)
	for name, c := range map[string]struct {
		args []string
		want []string // lines of the answer
		not  string
	}{
		"panel ids":      {[]string{"panels", "hosts-s"}, []string{"hosts-summary\t", "hosts-scatter\t"}, ""},
		"one panel only": {[]string{"panels", "hosts-summary", ""}, nil, "hosts"},
		"questions too":  {[]string{"panels", "delivery-"}, []string{"delivery-gaps\t"}, ""},
		"metrics":        {[]string{"panels", "--metric", "ram"}, []string{"ram_pct\tMemory"}, ""},
		"formats":        {[]string{"panels", "--format", ""}, []string{"table", "csv", "json", "parquet"}, "xml"},
		"query formats":  {[]string{"query", "--format", "p"}, []string{"parquet"}, "xml"},
		"ranges":         {[]string{"panels", "--range", "1"}, []string{"15m", "1h"}, ""},
		"hosts":          {[]string{"panels", "--lake", lake, "--host", ""}, []string{"-01", "-02"}, "hosts"},
		"environments":   {[]string{"panels", "--lake", lake, "--env", ""}, []string{"prod"}, ""},
		"a lake missing": {[]string{"panels", "--lake", lake + "x", "--host", ""}, nil, "-01"},
		"Athena":         {[]string{"panels", "--athena", "--host", ""}, nil, "-01"},
	} {
		code, stdout, _ := run(t, "", append([]string{"__complete"}, c.args...)...)
		if code != 0 || !strings.Contains(stdout, ":4\n") { // 4 is cobra's ShellCompDirectiveNoFileComp
			t.Errorf("%s: code %d\n%s", name, code, stdout)
		}
		for _, want := range c.want {
			if !strings.Contains(stdout, want) {
				t.Errorf("%s lacks %s:\n%s", name, want, stdout)
			}
		}
		if c.not != "" && strings.Contains(stdout, c.not) {
			t.Errorf("%s has %s:\n%s", name, c.not, stdout)
		}
	}
}

package quicksight_test

import (
	"regexp"
	"slices"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/cdk/internal/quicksight"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Parameters reach every query that has them, and no others; queries have no placeholder without a parameter.
func TestParameters(t *testing.T) {
	mapped := map[string][]string{} // name to data sets
	for _, p := range list(t, definition(t)["ParameterDeclarations"]) {
		for _, declaration := range object(t, p) {
			name := object(t, declaration)["Name"].(string)
			for _, m := range list(t, object(t, declaration)["MappedDataSetParameters"]) {
				mapped[name] = append(mapped[name], object(t, m)["DataSetIdentifier"].(string))
			}
		}
	}
	for _, set := range board(t).DataSets {
		has := map[string]bool{}
		for _, match := range regexp.MustCompile(`<<\$([a-z]+)>>`).FindAllStringSubmatch(set.SQL, -1) {
			has[match[1]] = true
		}
		var declared []string
		for _, p := range set.Parameters {
			declared = append(declared, p.Name)
		}
		for name, sets := range mapped {
			if slices.Contains(sets, set.ID) != has[name] || slices.Contains(declared, name) != has[name] {
				t.Errorf("data set %s: parameter %s is in its SQL: %v, declared by it: %v, mapped to it: %v", set.ID, name, has[name],
					slices.Contains(declared, name), slices.Contains(sets, set.ID))
			}
		}
		if len(has) != len(declared) {
			t.Errorf("data set %s has %v in its SQL and declares %v", set.ID, has, declared)
		}
		if set.ID != "filters-hosts" && (!has["host"] || !has["environment"]) {
			t.Errorf("data set %s cannot be filtered by host and environment", set.ID)
		}
	}
}

func TestCalculatedFields(t *testing.T) {
	sets := board(t).DataSets
	set := sets[len(sets)-1]
	names := map[string]string{}
	for _, c := range set.Calculated {
		names[c.Name] = c.Expression
		for _, column := range regexp.MustCompile(`\{([a-z_]+)\}`).FindAllStringSubmatch(c.Expression, -1) {
			if !slices.ContainsFunc(set.Columns, func(other quicksight.Column) bool { return other.Name == column[1] }) {
				t.Errorf("%s is calculated from %s, which is no column", c.Name, column[1])
			}
		}
	}
	for name, want := range map[string]string{
		"total_throughput_bytes_per_s": "{net_bytes_sent_per_s} + {net_bytes_recv_per_s}",
		"total_disk_io_bytes_per_s":    "{disk_read_bytes_per_s} + {disk_write_bytes_per_s}",
		"cpu_load_class":               "ifelse(isNull({cpu_pct}), 'unknown', {cpu_pct} >= 97, 'critical', {cpu_pct} >= 90, 'high', 'normal')",
		"memory_load_class":            "ifelse(isNull({ram_pct}), 'unknown', {ram_pct} >= 97, 'critical', {ram_pct} >= 90, 'high', 'normal')",
	} {
		if names[name] != want {
			t.Errorf("%s is %s, want %s", name, names[name], want)
		}
	}
	for _, c := range record.Columns() {
		if has := slices.ContainsFunc(set.Columns, func(other quicksight.Column) bool { return other.Name == c.Name }); has == (c.Type == record.StringMap || c.IsList()) {
			t.Errorf("column %s of type %s is in the data set: %v", c.Name, c.Type, has)
		}
	}
	for _, other := range sets[:len(sets)-1] {
		if other.Logical() != nil {
			t.Errorf("data set %s has calculated fields", other.ID)
		}
	}
}

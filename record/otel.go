package record

import "strings"

// OTelName is the name of a column in samples_otel. It is the name of the OpenTelemetry metric or attribute, with the value of the
// metric's attribute, and an underscore for each dot: Athena allows no other special characters in the names of a view's columns
// (Athena guide, "Name databases, tables, and columns").
func OTelName(c Column) string {
	if c.OTel == "" {
		return c.Name
	}
	name := c.OTel
	if _, value, ok := strings.Cut(c.OTelAttribute, "="); ok {
		name += "." + value
	}
	return strings.ReplaceAll(name, ".", "_")
}

// OTelSelect is the query of samples_otel over a table or view, in SQL that DuckDB and Trino share. OpenTelemetry gives shares between 0
// and 1. A rate is the increase per second of the counter that has the name.
func OTelSelect(table string) string {
	var b strings.Builder
	b.WriteString("SELECT ")
	for _, c := range Columns() {
		value := `"` + c.Name + `"`
		if c.OTel != "" && c.Unit == Percent {
			value += " / 100e0"
		}
		b.WriteString(value + ` AS "` + OTelName(c) + "\",\n  ")
	}
	b.WriteString(strings.Join(PartitionKeys(), ", ") + "\nFROM " + table)
	return b.String()
}

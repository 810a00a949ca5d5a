package record_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// schemaDocument is the reference of the columns for people. It is made from this package.
const schemaDocument = "../docs/schema.md"

// TestSchemaDocument fails if the document does not say what the package says; -update writes it.
func TestSchemaDocument(t *testing.T) {
	want := describeSchema()
	if *update {
		if err := os.WriteFile(schemaDocument, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(schemaDocument)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what record says; run make golden", schemaDocument)
	}
}

func describeSchema() string {
	var b strings.Builder
	b.WriteString(`# Schema

This document is made from [record](../record); ` + "`make golden`" + ` writes it. A row of the table ` + "`samples`" + ` is one reading of one machine. What a
platform cannot give, or what needs an earlier reading that does not exist yet, is empty (NULL), never 0.

The last column is the name of the OpenTelemetry metric or resource attribute that says the same
([semantic conventions](https://opentelemetry.io/docs/specs/semconv/system/system-metrics/)). Units differ: OpenTelemetry counts bytes and
operations since the start, and gives shares between 0 and 1. Here they are rates per second, and percentages.

## What the collector writes

`)
	describeColumns(&b, record.SampleColumns())
	b.WriteString("\n## What the transform adds\n\n")
	describeColumns(&b, record.EnrichmentColumns())
	b.WriteString("\n## Partition keys\n\n")
	fmt.Fprintf(&b, "`%s`: text with leading zeros, UTC. A condition on them limits what a query reads.\n", strings.Join(record.PartitionKeys(), "`, `"))
	b.WriteString(`
## The view ` + "`samples_otel`" + `

It gives the samples the names and units of OpenTelemetry: a dot is an underscore, and the value of a metric's attribute follows, as in
` + "`system_cpu_utilization_user`" + `. Shares are between 0 and 1. Counters are given as their increase per second. What OpenTelemetry does not know
keeps its name. A query on the page, of ` + "`dashboard query`" + ` or of an assistant can read it as it reads ` + "`samples`" + `:

    SELECT host_name, avg(system_cpu_utilization) FROM samples_otel GROUP BY 1

In Athena's console, create it once with this statement. If your stack's table has another name than ` + "`samples`" + `, change it after FROM.

` + "```sql\nCREATE OR REPLACE VIEW samples_otel AS\n" + record.OTelSelect("samples") + "\n```\n" + `
`)
	for _, c := range record.SampleColumns() {
		if c.IsList() {
			fmt.Fprintf(&b, "\n## Elements of `%s`\n\n", c.Name)
			describeColumns(&b, c.Fields)
		}
	}
	return b.String()
}

func describeColumns(b *strings.Builder, columns []record.Column) {
	b.WriteString("| column | type | unit | meaning | OpenTelemetry |\n| --- | --- | --- | --- | --- |\n")
	for _, c := range columns {
		kind, otel := string(c.Type), c.OTel
		if c.IsList() {
			kind = "list"
		}
		if otel != "" {
			otel = "`" + otel + "`"
		}
		if c.OTelAttribute != "" {
			otel += " `" + c.OTelAttribute + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", c.Name, kind, strings.ReplaceAll(string(c.Unit), "_", " "), c.Comment, otel)
	}
}

// TestOTelView: each column has a name of its own in samples_otel, and one that Athena allows in a view.
func TestOTelView(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range record.Columns() {
		name := record.OTelName(c)
		if seen[name] || regexp.MustCompile("[^a-z0-9_]").MatchString(name) {
			t.Errorf("column %s is called %s in samples_otel, which is not valid or is the name of another one", c.Name, name)
		}
		seen[name] = true
		if !strings.Contains(record.OTelSelect("x"), ` AS "`+name+`"`) {
			t.Errorf("the query does not give %s", name)
		}
	}
}

// TestOTelNames: each quantity has an OpenTelemetry name, or is one that OpenTelemetry does not know.
func TestOTelNames(t *testing.T) {
	unknown := map[string]bool{
		"ts": true, "interval_s": true, "cpu_pressure_pct": true, "mem_pressure_pct": true, "io_pressure_pct": true, // no metric of PSI
		"inodes_used_pct": true, "cpu_core_max_pct": true, // a maximum over cores or filesystems
	}
	for _, c := range record.SampleColumns() {
		if (c.OTel == "") != unknown[c.Name] && isQuantity(c) {
			t.Errorf("column %s has the OpenTelemetry name %q", c.Name, c.OTel)
		}
		if c.OTel != "" && strings.ToLower(c.OTel) != c.OTel {
			t.Errorf("OpenTelemetry name %q has capitals", c.OTel)
		}
	}
}

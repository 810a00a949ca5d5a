package quicksight

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// DataSet is a query with its columns.
type DataSet struct {
	ID         string // letters, digits and hyphens: that of the first panel which shows it
	SQL        string
	Columns    []Column
	Parameters []Parameter // that the SQL has
	Calculated []Calculated
}

// Calculated is a field that QuickSight computes from columns, in its own language.
type Calculated struct{ ID, Name, Expression string }

// panel adds the data set of a panel.
func (b *builder) panel(d panels.Dashboard, p panels.Panel) (DataSet, error) {
	set, err := newDataSet(b.saved, d, p)
	if err != nil {
		return DataSet{}, err
	}
	return b.add(set), nil
}

// newDataSet makes the data set of a panel. What its query gives is cast in a query around it, as QuickSight takes no Unix
// seconds for a time, and named as people see it, as charts take their legends from the names of columns.
func newDataSet(saved panels.Saved, d panels.Dashboard, p panels.Panel) (DataSet, error) {
	inner, err := saved.SQL(d, p)
	if err != nil {
		return DataSet{}, err
	}
	columns := columnsOf(p)
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = c.sql + ` AS "` + c.Name + `"`
	}
	sql := "SELECT " + strings.Join(list, ", ") + "\nFROM (\n" + inner + "\n) AS panel"
	if p.Kind == panels.Box {
		sql += "\n" + fiveNumbers(p)
	}
	return DataSet{ID: p.ID, SQL: sql, Columns: columns, Parameters: used(sql)}, nil
}

// fiveNumbers has a row for each of the five numbers that a box shows. QuickSight draws boxes of rows, and the quartiles of
// five numbers in order are these numbers.
func fiveNumbers(p panels.Panel) string {
	list := make([]string, len(p.Values))
	for i, v := range p.Values {
		list[i] = v.Column
	}
	return "CROSS JOIN UNNEST(ARRAY[" + strings.Join(list, ", ") + "]) AS number (value)"
}

// choices adds the data set of hosts and environments to choose from.
func (b *builder) choices() (DataSet, error) {
	p, _ := panels.Find("filters-hosts")
	p.Group, p.Values = panels.ByEnv, nil
	saved := b.saved
	saved.Host, saved.Env = "", ""
	set, err := newDataSet(saved, panels.Dashboard{}, p)
	if err != nil {
		return DataSet{}, err
	}
	set.SQL += "\nUNION ALL\nSELECT '" + everything + "', '" + everything + "'"
	return b.add(set), nil
}

// samples adds the data set of single samples with the fields that are calculated from them. It has all columns of the
// contract but tags, as QuickSight knows no maps.
func (b *builder) samples() (DataSet, error) {
	set := DataSet{ID: "samples", Calculated: calculated()}
	var names []string
	for _, c := range record.Columns() {
		kind := map[record.Type]string{
			record.String: "STRING", record.Double: "DECIMAL", record.Integer: "INTEGER", record.BigInt: "INTEGER",
			record.Timestamp: "DATETIME",
		}[c.Type]
		if kind == "" {
			continue
		}
		names = append(names, c.Name)
		set.Columns = append(set.Columns, Column{Name: c.Name, of: c.Name, Type: kind})
	}
	var err error
	set.SQL, err = b.saved.SQL(panels.Dashboard{}, panels.Readings(names...))
	set.Parameters = used(set.SQL)
	return b.add(set), err
}

// The calculated fields.
const (
	totalThroughput = "total_throughput_bytes_per_s"
	totalDiskIO     = "total_disk_io_bytes_per_s"
	cpuClass        = "cpu_load_class"
	memoryClass     = "memory_load_class"
)

func calculated() []Calculated {
	return []Calculated{
		{"total-throughput", totalThroughput, "{net_bytes_sent_per_s} + {net_bytes_recv_per_s}"},
		{"total-disk-io", totalDiskIO, "{disk_read_bytes_per_s} + {disk_write_bytes_per_s}"},
		{"cpu-load-class", cpuClass, loadClass("cpu_pct", "overview-cpu")},
		{"memory-load-class", memoryClass, loadClass("ram_pct", "overview-memory")},
	}
}

// Logical is the map of logical tables that adds the calculated fields, nil where there are none.
func (s DataSet) Logical() map[string]any {
	var fields []any
	for _, f := range s.Calculated {
		fields = append(fields, object{"ColumnId": f.ID, "ColumnName": f.Name, "Expression": f.Expression})
	}
	if fields == nil {
		return nil
	}
	return object{"calculated": object{
		"Alias": s.ID, "Source": object{"PhysicalTableId": PhysicalTable},
		"DataTransforms": []any{object{"CreateColumnsOperation": object{"Columns": fields}}},
	}}
}

// PhysicalTable is the id of the one physical table of a data set.
const PhysicalTable = "query"

// loadClass sorts readings by the thresholds of the panel that shows the column.
func loadClass(column, panel string) string {
	p, _ := panels.Find(panel)
	limits := p.Values[0].Thresholds
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	return fmt.Sprintf("ifelse(isNull({%[1]s}), 'unknown', {%[1]s} >= %[2]s, 'critical', {%[1]s} >= %[3]s, 'high', 'normal')",
		column, number(limits.Critical), number(limits.Warn))
}

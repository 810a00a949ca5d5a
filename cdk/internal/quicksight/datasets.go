package quicksight

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// DataSet is a query with its columns.
type DataSet struct {
	ID         string // of the first panel that shows it: letters, digits and hyphens
	SQL        string
	Columns    []Column
	Parameters []Parameter // that the SQL contains
	Calculated []Calculated
}

// Calculated is a field that QuickSight computes from columns, in its own language.
type Calculated struct{ ID, Name, Expression string }

// part is what one panel shows of a data set.
type part struct {
	panel   panels.Panel
	columns []Column
	query   string
}

// newPart returns the part of a panel. An outer query casts and renames the columns of the panel's query: QuickSight does not
// take Unix seconds as a time, and charts use the names of columns as legends.
func newPart(saved panels.Saved, d panels.Dashboard, p panels.Panel) (part, error) {
	inner, err := saved.SQL(d, p)
	if err != nil {
		return part{}, err
	}
	query := "(\n" + inner + "\n) AS panel"
	if p.Kind == panels.Box {
		query += "\n" + fiveNumbers(p)
	}
	return part{p, columnsOf(p), query}, nil
}

// ofPanel is the column with the id of a row's panel. Each visual filters by it. In each part of a UNION ALL it is a constant.
// Trino compares it with the filter when it plans the query, and leaves out the parts of other panels (its rules
// PredicatePushDown and RemoveEmptyUnionBranches). So a visual pays only for its own panel's query.
const ofPanel = "Panel"

// shared adds the data set of panels with the same dimensions. It has the columns of all panels, and its SQL is the UNION ALL of
// their queries. QuickSight takes 50 data sets in a dashboard, too few for one per panel.
func (b *builder) shared(parts []part) DataSet {
	set := DataSet{ID: parts[0].panel.ID, Columns: []Column{{Name: ofPanel, Type: "STRING"}}}
	for _, one := range parts {
		for i := range one.columns {
			c := &one.columns[i]
			known := set.named(c.Name)
			if known != nil && known.Type != c.Type {
				c.Name += " (" + c.of + ")"
				known = set.named(c.Name)
			}
			if known == nil {
				set.Columns = append(set.Columns, *c)
			}
		}
	}
	queries := make([]string, len(parts))
	for i, one := range parts {
		columns := []string{"'" + one.panel.ID + `' AS "` + ofPanel + `"`}
		for _, c := range set.Columns[1:] {
			value := "CAST(NULL AS " + sqlTypes[c.Type] + ")"
			if own := (DataSet{Columns: one.columns}).named(c.Name); own != nil {
				value = own.sql
			}
			columns = append(columns, value+` AS "`+c.Name+`"`)
		}
		queries[i] = "SELECT " + strings.Join(columns, ", ") + "\nFROM " + one.query
	}
	set.SQL = strings.Join(queries, "\nUNION ALL\n")
	set.Parameters = used(set.SQL)
	b.DataSets = append(b.DataSets, set)
	return set
}

// sqlTypes maps QuickSight's types of columns to Trino's.
var sqlTypes = map[string]string{"STRING": "varchar", "DECIMAL": "double", "DATETIME": "timestamp"}

// named returns the column with a visible name, or nil. QuickSight ignores the case of names.
func (s DataSet) named(name string) *Column {
	i := slices.IndexFunc(s.Columns, func(c Column) bool { return strings.EqualFold(c.Name, name) })
	if i < 0 {
		return nil
	}
	return &s.Columns[i]
}

// fiveNumbers returns SQL that makes a row for each of the five numbers of a box. QuickSight computes a box from rows, and the
// minimum, quartiles and maximum of five sorted numbers are these numbers.
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
	one, err := newPart(saved, panels.Dashboard{}, p)
	if err != nil {
		return DataSet{}, err
	}
	set := DataSet{ID: p.ID, Columns: one.columns}
	list := make([]string, len(one.columns))
	for i, c := range one.columns {
		list[i] = c.sql + ` AS "` + c.Name + `"`
	}
	set.SQL = "SELECT " + strings.Join(list, ", ") + "\nFROM " + one.query +
		"\nUNION ALL\nSELECT '" + everything + "', '" + everything + "'"
	set.Parameters = used(set.SQL)
	b.DataSets = append(b.DataSets, set)
	return set, nil
}

// samples adds the data set of single samples with the calculated fields. It has all columns of the contract except tags
// and the lists, because QuickSight has no type for maps and lists.
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
	b.DataSets = append(b.DataSets, set)
	return set, err
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

// Logical returns the map of logical tables that adds the calculated fields. It returns nil if there are no such fields.
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

// loadClass returns an expression that classifies a reading by the thresholds of the panel that shows the column.
func loadClass(column, panel string) string {
	p, _ := panels.Find(panel)
	limits := p.Values[0].Thresholds
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	return fmt.Sprintf("ifelse(isNull({%[1]s}), 'unknown', {%[1]s} >= %[2]s, 'critical', {%[1]s} >= %[3]s, 'high', 'normal')",
		column, number(limits.Critical), number(limits.Warn))
}

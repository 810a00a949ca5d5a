package lake

import (
	"regexp"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// duckTypes maps types to those of DuckDB, except for lists.
var duckTypes = map[record.Type]string{
	record.Double:    "DOUBLE",
	record.String:    "VARCHAR",
	record.BigInt:    "BIGINT",
	record.Integer:   "INTEGER",
	record.Timestamp: "TIMESTAMP",
	record.StringMap: "MAP(VARCHAR, VARCHAR)",
}

// DuckType returns the type of a column in DuckDB.
func DuckType(c record.Column) string {
	if !c.IsList() {
		return duckTypes[c.Type]
	}
	fields := make([]string, len(c.Fields))
	for i, f := range c.Fields {
		fields[i] = `"` + f.Name + `" ` + DuckType(f)
	}
	return "STRUCT(" + strings.Join(fields, ", ") + ")[]"
}

// onceView is the view samples_once over the view samples, with its name.
var onceView = "VIEW " + panels.Once + " AS " + panels.OnceOf(panels.Samples)

// onceSQL is the statement that makes the view samples_once.
var onceSQL = "CREATE OR REPLACE TEMP " + onceView

// otelSQL is the statement that makes the view samples_otel over the view samples.
var otelSQL = "CREATE OR REPLACE TEMP VIEW " + panels.OTel + " AS " + record.OTelSelect(panels.Samples)

// mentionsOTel matches a query that may read samples_otel.
var mentionsOTel = regexp.MustCompile(`(?i)\b` + panels.OTel + `\b`)

// mentionsOnce matches a query that may read samples_once.
var mentionsOnce = regexp.MustCompile(`(?i)\b` + panels.Once + `\b`)

// viewSQL is the statement that makes the view of a relation over the given files, with one scan for each shape of file. It does not use
// DuckDB's union_by_name, which opens every file before it looks at the partitions.
//
// TRY_CAST costs nothing if a column has the contract's type. If it has another type, a value that does not fit becomes NULL, as
// in Firehose's own conversion. TRY_CAST finds the fields of a list's elements by name. A field that a file lacks is NULL, and a
// field that only the file has is left out.
func viewSQL(r relation, files []dataFile) string {
	var b strings.Builder
	b.WriteString("CREATE OR REPLACE TEMP VIEW " + r.name + " AS\n")
	if len(files) == 0 {
		r.writeSelect(&b, nil)
		b.WriteString(" WHERE false")
		return b.String()
	}
	for i, group := range groups(files) {
		if i > 0 {
			b.WriteString("\nUNION ALL\n")
		}
		r.writeSelect(&b, group[0].shape)
		b.WriteString(" FROM read_parquet([")
		for j, f := range group {
			if j > 0 {
				b.WriteString(", ")
			}
			b.WriteString(panels.LiteralOf(f.path))
		}
		// DuckDB must not guess the types of partition keys: 07 is a string.
		b.WriteString("], hive_partitioning = true, hive_types_autocast = false)")
	}
	return b.String()
}

// writeSelect writes the list of columns. Those that the shape cannot give are NULL; a nil shape gives none.
func (r relation) writeSelect(b *strings.Builder, s *shape) {
	b.WriteString("SELECT ")
	for _, c := range r.columns {
		name := `"` + c.Name + `"`
		value := "NULL"
		if s.fits(c) {
			value = name
		}
		b.WriteString("TRY_CAST(" + value + " AS " + DuckType(c) + ") AS " + name + ", ")
	}
	for i, key := range r.keys {
		if i > 0 {
			b.WriteString(", ")
		}
		value := `"` + key + `"`
		if s == nil {
			value = "NULL"
		}
		b.WriteString("CAST(" + value + ` AS VARCHAR) AS "` + key + `"`)
	}
}

// groups puts files that DuckDB can scan together into one group, in order of first appearance.
func groups(files []dataFile) [][]dataFile {
	type key struct {
		table string
		shape *shape
	}
	index := map[key]int{}
	var all [][]dataFile
	for _, f := range files {
		k := key{f.table, f.shape}
		i, ok := index[k]
		if !ok {
			i = len(all)
			index[k] = i
			all = append(all, nil)
		}
		all[i] = append(all[i], f)
	}
	return all
}

// Views are the statements that make samples, samples_once and the rollups as views over the files below a directory, for another program
// with DuckDB. A column that no file has is NULL there, as in this package. But DuckDB finds the files by itself when a query runs, and reads
// the end of each of them. There must be a file of each relation, so a lake that was never rolled up has no views of rollups.
func Views(dir string) string {
	var b strings.Builder
	view := func(name, folder string, of []record.Column) {
		list := make([]string, len(of))
		for i, c := range of {
			list[i] = "CAST(NULL AS " + DuckType(c) + `) AS "` + c.Name + `"`
		}
		b.WriteString("CREATE OR REPLACE VIEW " + name + " AS SELECT " + strings.Join(list, ", ") + " WHERE false\nUNION ALL BY NAME SELECT * FROM read_parquet(" +
			panels.LiteralOf(dir+"/*/"+folder+"year=*/**/*.parquet") + ", hive_partitioning = true, hive_types_autocast = false, union_by_name = true);\n")
	}
	view(panels.Samples, "*/", record.Columns())
	for _, r := range panels.Rollups() {
		view(r.Table(), r.Prefix(), r.Columns())
	}
	return b.String() + "CREATE OR REPLACE " + onceView + ";\n"
}

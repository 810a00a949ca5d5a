package panels

import (
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Rollup is a table that has one row for each host and time bucket in place of the bucket's samples.
type Rollup struct {
	Name   string        // as it stands in the table's name and in the paths of its objects
	Bucket time.Duration // length of a bucket
	Period time.Duration // what one run rolls up at a time, in one partition: an hour or a day
	lists  []string      // columns of lists whose newest value is kept
}

// Minutes and Hours are the rollups that exist. A range of years reads one object for each day of Hours.
var (
	Minutes = Rollup{"1m", time.Minute, time.Hour, []string{"filesystems", "processes", "units", "sensors"}}
	Hours   = Rollup{"1h", time.Hour, 24 * time.Hour, []string{"filesystems"}}
)

// Rollups are all rollups, the finest first.
func Rollups() []Rollup { return []Rollup{Minutes, Hours} }

// RollupPrefix is the folder of all rollups in the lake's bucket.
const RollupPrefix = "rollup"

// Table is the name of the rollup's table.
func (r Rollup) Table() string { return r.TableOf(Samples) }

// TableOf is the name of the rollup's table if the table of samples has another name than [Samples].
func (r Rollup) TableOf(samples string) string { return samples + "_" + r.Name }

// Prefix is where the rollup's objects are in the bucket.
func (r Rollup) Prefix() string { return RollupPrefix + "/" + r.Name + "/" }

// PartitionKeys are the keys of the rollup's partitions: those of the samples, down to the period.
func (r Rollup) PartitionKeys() []string {
	keys := record.PartitionKeys()
	if r.Period > time.Hour {
		return keys[:len(keys)-1]
	}
	return keys
}

// rolled is a column of a rollup, and the SQL that makes it from the samples of one bucket.
type rolled struct {
	record.Column
	sql string
}

// Columns are the columns of the rollup, in order.
func (r Rollup) Columns() []record.Column {
	var columns []record.Column
	for _, c := range r.columns() {
		columns = append(columns, c.Column)
	}
	return columns
}

// columns derives the columns of the rollup from those of a sample. A number has its mean under its own name, and its extremes. Of a
// text, a map or a list, the newest known value stays.
func (r Rollup) columns() []rolled {
	column := func(name string, t record.Type, unit record.Unit, comment, sql string) rolled {
		return rolled{record.Column{Name: name, Type: t, Unit: unit, Comment: comment}, sql}
	}
	all := []rolled{
		column("hostname", record.String, record.NoUnit, "Name of the machine", "hostname"),
		column("machine_id", record.String, record.NoUnit, "Hash of the machine's ID", "machine_id"),
		column("t", record.BigInt, record.Seconds, "Begin of the bucket, Unix seconds", "CAST("+r.bucketOf()+" AS bigint)"),
		column("samples", record.BigInt, record.Count, "Samples in the bucket, duplicates not counted", "count(*)"),
		column("last_ts", record.Double, record.Seconds, "ts of the newest sample in the bucket", "max(ts)"),
	}
	for _, c := range record.SampleColumns() {
		switch {
		case c.Name == "hostname" || c.Name == "machine_id" || c.Name == "ts" || c.Name == "seq":
		case c.IsList():
			for _, list := range r.lists {
				if list == c.Name {
					all = append(all, rolled{c, last(c.Name)})
				}
			}
		case c.Unit == record.NoUnit:
			all = append(all, rolled{c, last(c.Name)})
		default:
			all = append(all, column(c.Name, record.Double, c.Unit, "Mean of "+c.Name, "avg("+c.Name+")"),
				column(c.Name+"_min", c.Type, c.Unit, "Lowest "+c.Name, "min("+c.Name+")"),
				column(c.Name+"_max", c.Type, c.Unit, "Highest "+c.Name, "max("+c.Name+")"))
		}
	}
	return all
}

// bucketOf is the SQL of the begin of a sample's bucket.
func (r Rollup) bucketOf() string { return begin(number(r.Bucket.Seconds())) }

// Start is the begin of the period that t belongs to, in UTC.
func (r Rollup) Start(t time.Time) time.Time { return t.UTC().Truncate(r.Period) }

// Query is the statement that makes the rows of the period that begins at start.
func (r Rollup) Query(form Form, start time.Time) string {
	start = r.Start(start)
	return r.Part(form, Range{From: start, To: start.Add(r.Period)})
}

// Part is the statement that makes the rows of some hours of a period. A sample that was delivered twice counts once. The rows of a
// host stand together, in order of time, which keeps files small and lets a reader of one host skip the others.
func (r Rollup) Part(form Form, hours Range) string {
	var read []string
	for _, c := range record.SampleColumns() {
		if c.IsList() || c.Name == "ts" {
			read = append(read, c.Name)
			continue
		}
		value := plausible(c.Name, c)
		if value != c.Name {
			value += " AS " + c.Name
		}
		read = append(read, value)
	}
	var list []string
	for _, c := range r.columns() {
		value := c.sql
		if value != c.Name {
			value += " AS " + c.Name
		}
		list = append(list, value)
	}
	return "SELECT " + strings.Join(list, ",\n  ") +
		"\nFROM (\n    SELECT " + strings.Join(read, ",\n      ") +
		"\n    FROM " + form.once +
		"\n    WHERE " + Period(hours) +
		"\n  ) AS readings\nGROUP BY hostname, machine_id, " + r.bucketOf() +
		"\nORDER BY hostname, machine_id, " + r.bucketOf()
}

package panels

import (
	"slices"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Rollup is a table that has one row for each machine (host name and machine id) and time bucket, in place of the bucket's samples.
type Rollup struct {
	Name   string        // as it stands in the table's name and in the paths of its objects
	Bucket time.Duration // length of a bucket
	Period time.Duration // what one run rolls up at a time, in one partition: an hour or a day
	from   string        // name of the rollup that it is made of; "" is the samples
	lists  []string      // columns of lists whose newest value is kept
	// summaries say which other lists are kept, and how. A row summarizes all readings of such a list in the bucket.
	summaries []listed
}

// Minutes, Hours and Days are the rollups that exist. Days are made of Hours, because the samples of a day may be gone.
var (
	Minutes = Rollup{"1m", time.Minute, time.Hour, "", []string{"filesystems", "processes", "units", "sensors"}, nil}
	Hours   = Rollup{"1h", time.Hour, 24 * time.Hour, "", []string{"filesystems"}, summarized}
	Days    = Rollup{"1d", 24 * time.Hour, 24 * time.Hour, Hours.Name, []string{"filesystems"}, summarized}
)

// Rollups are all rollups, the finest first.
func Rollups() []Rollup { return []Rollup{Minutes, Hours, Days} }

// From is the rollup that this one is made of. The zero Rollup is the samples.
func (r Rollup) From() Rollup {
	for _, finer := range Rollups() {
		if finer.Name == r.from {
			return finer
		}
	}
	return Rollup{}
}

// RollupPrefix is the folder of all rollups in the lake's bucket.
const RollupPrefix = "rollup"

// Table is the name of the rollup's table. The zero Rollup is the samples.
func (r Rollup) Table() string { return r.TableOf(Samples) }

// TableOf is the name of the rollup's table if the table of samples has another name than [Samples].
func (r Rollup) TableOf(samples string) string {
	if r.Name == "" {
		return samples
	}
	return samples + "_" + r.Name
}

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

// rolledColumn is a column of a rollup. fromSamples is the SQL that makes it from the samples of one bucket, and fromBuckets the SQL that makes it
// from the rows of a finer rollup. For the columns of [Rollup.summaries] both are empty: see [listed.query].
type rolledColumn struct {
	record.Column
	fromSamples, fromBuckets string
}

// ofOne is the SQL of the column for a single sample.
func (c rolledColumn) ofOne() string {
	switch c.Name {
	case "samples":
		return "1"
	case "first_ts", "last_ts":
		return "ts"
	}
	return withoutEnd(c.Name)
}

// withoutEnd is the name of the column or field whose extreme has this name.
func withoutEnd(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, lowest), highest)
}

// Columns are the columns of the rollup, in order.
func (r Rollup) Columns() []record.Column {
	var columns []record.Column
	for _, c := range r.columns() {
		columns = append(columns, c.Column)
	}
	return columns
}

// columns derives the columns of the rollup from those of a sample and from what is computed of each sample. A number has its mean
// under its own name, and its extremes. Of a text or a map, and of the lists in r.lists, the newest known
// value stays. The lists in r.summaries are summarized over all readings. Other lists are left out.
func (r Rollup) columns() []rolledColumn {
	column := func(name string, t record.Type, unit record.Unit, comment, fromSamples, fromBuckets string) rolledColumn {
		return rolledColumn{record.Column{Name: name, Type: t, Unit: unit, Comment: comment}, fromSamples, fromBuckets}
	}
	all := []rolledColumn{
		column("hostname", record.String, record.NoUnit, "Name of the machine", "hostname", "hostname"),
		column("machine_id", record.String, record.NoUnit, "Hash of the machine's ID", "machine_id", "machine_id"),
		column("t", record.BigInt, record.Seconds, "Begin of the bucket, Unix seconds", "CAST("+r.bucketOf("ts")+" AS bigint)", "CAST("+r.bucketOf("t")+" AS bigint)"),
		column("samples", record.BigInt, record.Count, "Samples in the bucket, duplicates not counted", "count(*)", samplesOf),
		column("first_ts", record.Double, record.Seconds, "ts of the oldest sample in the bucket", "min(ts)", "min(first_ts)"),
		column("last_ts", record.Double, record.Seconds, "ts of the newest sample in the bucket", "max(ts)", "max(last_ts)"),
	}
	for _, c := range append(record.SampleColumns(), computedColumns...) {
		switch {
		case c.Name == "hostname" || c.Name == "machine_id" || c.Name == "ts" || c.Name == "seq":
		case c.IsList():
			if l, ok := r.of(c.Name); ok {
				for _, own := range l.columns() {
					all = append(all, rolledColumn{Column: own})
				}
			} else if slices.Contains(r.lists, c.Name) {
				all = append(all, rolledColumn{c, last(c.Name), lastBy("last_ts", c.Name)})
			}
		case c.Unit == record.NoUnit:
			all = append(all, rolledColumn{c, last(c.Name), lastBy("last_ts", c.Name)})
		default:
			low, high := c.Name+lowest, c.Name+highest
			all = append(all, column(c.Name, record.Double, c.Unit, "Mean of "+c.Name, average(c.Name), meanOfRows(c.Name)),
				column(low, c.Type, c.Unit, "Lowest "+c.Name, "min("+c.Name+")", "min("+low+")"),
				column(high, c.Type, c.Unit, "Highest "+c.Name, "max("+c.Name+")", "max("+high+")"))
		}
	}
	return all
}

// The ends of the names of extremes.
const (
	lowest  = "_min"
	highest = "_max"
)

// computedColumns are the derivations that rollups have as columns: their means and extremes do not follow from those of other columns.
var computedColumns = []record.Column{
	{Name: "errors", Type: record.Double, Unit: PerSecond},
	{Name: "pressure", Type: record.Double, Unit: Percent},
	{Name: "disk_awaited_pct", Type: record.Double, Unit: Percent},
	{Name: "core_load", Type: record.Double, Unit: Percent},
}

// samplesOf is the number of samples behind rows of a rollup. DuckDB's sum of whole numbers has a wider type.
const samplesOf = "CAST(sum(samples) AS bigint)"

// meanOfRows is the mean over the samples behind rows of a rollup.
func meanOfRows(of string) string { return weighted(of, "samples") }

// weighted is the mean of rows that each stand for several readings: the column weight says for how many.
func weighted(of, weight string) string {
	return "sum((" + of + ") * " + weight + ") / sum(CASE WHEN " + of + " IS NOT NULL THEN " + weight + " END)"
}

// bucketOf is the SQL of the begin of the bucket of a time.
func (r Rollup) bucketOf(time string) string {
	width := number(r.Bucket.Seconds())
	return "floor(" + time + " / " + width + ") * " + width
}

// Start is the begin of the period that t belongs to, in UTC.
func (r Rollup) Start(t time.Time) time.Time { return t.UTC().Truncate(r.Period) }

// Query is the statement that makes the rows of the period that begins at start.
func (r Rollup) Query(form Form, start time.Time) string {
	start = r.Start(start)
	return r.Part(form, Range{From: start, To: start.Add(r.Period)})
}

// Part is the statement that makes the rows of some hours of a period. A sample that was delivered twice counts once. The rows are in
// order of host and time. That keeps files small, and lets a reader of one host skip the others.
func (r Rollup) Part(form Form, hours Range) string {
	var list, names []string
	from := r.From()
	for _, c := range r.columns() {
		switch {
		case c.fromSamples == "":
			names = append(names, relationOf(strings.TrimSuffix(c.Name, ofReadings))+"."+c.Name)
			continue
		case from.Name == "":
			list = append(list, named(c.fromSamples, c.Name))
		default:
			list = append(list, named(c.fromBuckets, c.Name))
		}
		names = append(names, "buckets."+c.Name)
	}
	rows := "SELECT " + strings.Join(list, ",\n  ") + "\nFROM " + from.source(form, hours) + r.grouped(from.time())
	if len(r.summaries) == 0 {
		return rows + "\nORDER BY hostname, machine_id, " + r.bucketOf(from.time())
	}
	rows = "(" + rows + ") AS buckets"
	for _, l := range r.summaries {
		// To join, an engine looks up rows by equal values, and NULL equals nothing. So NULL is compared as an empty text first.
		of := relationOf(l.list)
		rows += "\nLEFT JOIN (" + l.query(form, r, inRange(from, hours)) + ") AS " + of + " ON " + of + ".t = buckets.t"
		for _, c := range []string{"hostname", "machine_id"} {
			rows += " AND coalesce(" + of + "." + c + ", '') = coalesce(buckets." + c + ", '') AND " + of + "." + c + " IS NOT DISTINCT FROM buckets." + c
		}
	}
	return "SELECT " + strings.Join(names, ", ") + "\nFROM " + rows + "\nORDER BY buckets.hostname, buckets.machine_id, buckets.t"
}

// source is the relation of the rows of a time range that a coarser rollup is made of.
func (r Rollup) source(form Form, hours Range) string {
	if r.Name != "" {
		return form.rollup(r) + "\nWHERE " + inRange(r, hours)
	}
	var wanted []string
	for _, c := range append(record.SampleColumns(), computedColumns...) {
		wanted = append(wanted, c.Name)
	}
	return readingsOf(wanted, form.once, InRange(hours)) + " AS readings"
}

// relationOf is the name of what [Rollup.Part] joins for a list.
func relationOf(list string) string { return list + "_of" }

// grouped is the end of a query that makes a row of each bucket.
func (r Rollup) grouped(time string) string {
	return "\nGROUP BY hostname, machine_id, " + r.bucketOf(time)
}

// readingsOf is the relation of the samples of a time range as rollups are made of them: with these columns, which are of the contract
// or derivations, and with ts.
func readingsOf(wanted []string, samples string, conditions ...string) string {
	read, computed := withDerived(wanted, derivations)
	list := []string{"ts"}
	for _, name := range read {
		list = append(list, named(plausible(name, contract[name]), name))
	}
	return computing(computed, "(\n    SELECT "+strings.Join(list, ",\n      ")+"\n    FROM "+samples+
		"\n    WHERE "+strings.Join(conditions, "\n      AND ")+"\n  )")
}

// named is a value with a name.
func named(value, name string) string {
	if value == name {
		return name
	}
	return value + " AS " + name
}

package panels

import (
	"slices"
	"strconv"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// listed says what a rollup keeps of a list's elements, such as processes, in all readings of a bucket. The newest list alone would
// mislead: a job that runs at the same minute of each hour would be in the newest list of each hour, or of no hour.
//
// A mean is over the readings whose list has the element. The field [listedIn] says how many these are, and the column with
// the name of the list and [ofReadings] how many lists the bucket has. So a query can also count an absent element as 0.
type listed struct {
	list     string
	names    []string // fields that tell elements apart
	newest   []string // fields whose newest known value stays
	sums     []string // fields that count events, which are added up
	means    []string
	extremes []string // fields with their ends, such as cpu_pct_max
	// most has the SQL of sums over the bucket. For each of them, the [mostListed] elements with the highest sum stay.
	most []string
}

// summarized is what [Hours] and [Days] keep: what panels show over months. A row keeps no ID and no user of a process. A day has those
// elements that its hours have.
var summarized = []listed{
	{
		list: "processes", names: []string{"name", "unit"}, newest: []string{"count"},
		means:    []string{"cpu_pct", "rss_bytes", "read_bytes_per_s", "write_bytes_per_s"},
		extremes: []string{"cpu_pct" + lowest, "cpu_pct" + highest, "rss_bytes" + lowest, "rss_bytes" + highest},
		most:     []string{summed("cpu_pct"), summed("rss_bytes"), summed(throughputOf)},
	},
	{
		list: "units", names: []string{"name"}, newest: []string{"memory_limit_bytes"}, sums: []string{"oom_kills"},
		means:    []string{"cpu_pct", "memory_bytes", "read_bytes_per_s", "write_bytes_per_s"},
		extremes: []string{"memory_bytes" + highest, "throttled_pct" + highest},
		most:     []string{summed("cpu_pct"), summed("memory_bytes"), summed(throughputOf), "nullif(oom_kills, 0)"},
	},
	{list: "sensors", names: []string{"name"}, means: []string{"celsius"}, most: []string{summed("celsius")}},
}

// sqlTypes are the names of types in casts, which both engines know.
var sqlTypes = map[record.Type]string{record.Double: "double", record.String: "varchar", record.BigInt: "bigint", record.Integer: "integer"}

const (
	mostListed = 8 // how many elements stay by each expression: as many as a chart shows
	listedIn   = "listed"
	ofReadings = "_readings"
)

// throughputOf is what an element reads and writes, or NULL if that is nothing.
var throughputOf = "nullif(" + added("read_bytes_per_s", "write_bytes_per_s").sql + ", 0)"

// summed is the SQL of the sum over all readings of the bucket. mean is the SQL of a mean over the readings that have the element.
func summed(mean string) string { return "(" + mean + ") * " + listedIn }

// of returns what the rollup keeps of all lists of a bucket. ok is false if it keeps the newest list, or none.
func (r Rollup) of(list string) (l listed, ok bool) {
	i := slices.IndexFunc(r.summaries, func(l listed) bool { return l.list == list })
	if i < 0 {
		return listed{}, false
	}
	return r.summaries[i], true
}

// columns are the columns of the rollup.
func (l listed) columns() []record.Column {
	fields := l.fields()
	return []record.Column{
		{Name: l.list, Type: record.ListOf(fields), Comment: contract[l.list].Comment + ", by all readings of the bucket", Fields: fields},
		{Name: l.list + ofReadings, Type: record.BigInt, Unit: record.Count, Comment: "Readings of " + l.list + " in the bucket"},
	}
}

// fields are those of an element.
func (l listed) fields() (fields []record.Column) {
	for _, name := range slices.Concat(l.names, []string{listedIn}, l.newest, l.sums, l.means, l.extremes) {
		c := l.source(name)
		switch {
		case name == listedIn:
			c = record.Column{Name: name, Type: record.Integer, Unit: record.Count, Comment: "Readings that have the element"}
		case slices.Contains(l.means, name):
			c.Type = record.Double
		}
		c.Name = name
		fields = append(fields, c)
	}
	return fields
}

// source is the field of the samples' elements from which a field is made.
func (l listed) source(name string) record.Column {
	name = withoutEnd(name)
	for _, f := range contract[l.list].Fields {
		if f.Name == name {
			return f
		}
	}
	return record.Column{}
}

// aggregate is the SQL of a field. The rows are readings of the element, or summaries of several readings each.
func (l listed) aggregate(field string, summaries bool) string {
	from := field
	if !summaries {
		from = withoutEnd(field)
	}
	switch {
	case slices.Contains(l.names, field):
		return field
	case field == listedIn && summaries:
		return "sum(" + field + ")"
	case field == listedIn:
		return "count(*)"
	case slices.Contains(l.newest, field):
		return last(field)
	case slices.Contains(l.sums, field):
		return "sum(" + field + ")"
	case slices.Contains(l.means, field) && summaries:
		return weighted(field, listedIn)
	case slices.Contains(l.means, field):
		return average(field)
	case strings.HasSuffix(field, lowest):
		return "min(" + from + ")"
	}
	return "max(" + from + ")"
}

// query is the query of the list's columns, for each host and bucket that has them. Every list has one first element, so the first elements
// say how many lists there are.
func (l listed) query(form Form, r Rollup, inRange string) string {
	from := r.From()
	_, summaries := from.of(l.list)
	fields, ts, readings := contract[l.list].Fields, "ts", "1"
	if summaries {
		fields, ts, readings = l.fields(), "last_ts", l.list+ofReadings
	}
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.Name
	}
	bucket, names := "hostname, machine_id, t", strings.Join(l.names, ", ")
	var read, made, values, types, places, chosen []string
	for _, f := range l.fields() {
		source := f // of a summary, it is plausible
		text := "element." + f.Name + " AS " + f.Name
		if !summaries {
			source = l.source(f.Name)
			text = plausible("element."+source.Name, source) + " AS " + source.Name
		}
		if source.Name != "" && !slices.Contains(read, text) {
			read = append(read, text)
		}
		made = append(made, named(l.aggregate(f.Name, summaries), f.Name))
		values, types = append(values, f.Name), append(types, `"`+f.Name+`" `+sqlTypes[f.Type])
	}
	for i, most := range l.most {
		// A sum of doubles depends on its order. Values have at most two decimal places, so equal sums are equal again after round.
		place := "place_" + strconv.Itoa(i+1)
		places = append(places, "CASE WHEN "+most+" IS NOT NULL THEN row_number() OVER (PARTITION BY "+bucket+" ORDER BY round("+most+", 2) DESC, "+names+") END AS "+place)
		chosen = append(chosen, place+" <= "+strconv.Itoa(mostListed))
	}
	relation := form.once
	if from.Name != "" {
		relation = form.rollup(from)
	}
	lists := "SELECT hostname, machine_id, " + named(ts, "ts") + ", " + from.time() + " AS row_t, " + readings + " AS of_list, " + l.list + " AS elements FROM " + relation +
		"\n    WHERE " + inRange + "\n      AND " + l.list + " IS NOT NULL"
	elements := "SELECT hostname, machine_id, CAST(" + r.bucketOf("row_t") + " AS bigint) AS t, ts, place, of_list, " + strings.Join(read, ", ") +
		"\n    FROM (" + lists + ") AS lists " + form.numbered(all)
	byName := "SELECT " + bucket + ", sum(CASE WHEN place = 1 THEN of_list END) AS firsts, " + strings.Join(made, ", ") +
		"\n    FROM (" + elements + ") AS elements\n    GROUP BY " + bucket + ", " + names
	placed := "SELECT *, sum(firsts) OVER (PARTITION BY " + bucket + ") AS readings, " + strings.Join(places, ", ") + "\n    FROM (" + byName + ") AS by_name"
	return "SELECT " + bucket + ", CAST(max(readings) AS bigint) AS " + l.list + ofReadings + ",\n      array_agg(CAST(ROW(" + strings.Join(values, ", ") + ") AS ROW(" +
		strings.Join(types, ", ") + ")) ORDER BY " + "place_1, " + names + ") AS " + l.list + "\n    FROM (" + placed + ") AS placed\n    WHERE " + strings.Join(chosen, " OR ") +
		"\n    GROUP BY " + bucket
}

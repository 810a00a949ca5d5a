package panels

import (
	"fmt"
	"slices"
	"strings"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// details is the relation of the elements of a list, such as processes, in the samples of the chosen time range, hosts,
// environment, role and tag. It has a row for each element, with ts and the given columns. A column is one of:
//
//   - a field of the elements, or its lowest or highest value, such as cpu_pct_max;
//   - one of the list's derivations;
//   - listed: how many readings of the element the row stands for;
//   - lists: how many readings of the list there are;
//   - a column of the sample as [statement.samples] takes it, if the elements have no field of that name.
//
// Samples have lists once per detail interval. Those without the list, such as the samples of an older collector, give no rows. As with
// samples, a query reads lists only through this function, and values out of range are NULL. A sample, or a row of a rollup that keeps only
// the newest list, stands for one reading: listed and lists are 1.
func (s statement) details(list string, columns ...any) (string, error) {
	if contract[list].Fields == nil {
		return "", fmt.Errorf("samples have no list %s", list)
	}
	wanted, err := flat(columns)
	if err != nil {
		return "", err
	}
	direct, computed := withDerived(wanted, elementDerivations[list])
	var rows []string
	for _, p := range s.parts {
		one := s
		one.scan = scan{grain: p.of, parts: []part{p}}
		// Most samples have no list. DuckDB takes as long to unnest NULL as a list.
		one.among = strings.TrimPrefix(s.among+" AND "+list+" IS NOT NULL", " AND ")
		text, err := one.elements(list, direct)
		if err != nil {
			return "", err
		}
		rows = append(rows, text)
	}
	return computing(computed, "(\n    "+strings.Join(rows, "\n    UNION ALL\n    ")+"\n  )") + " AS chosen", nil
}

// sharedReadings are the columns that panels of a page share of a list. The others are made of them.
var sharedReadings = map[string][]string{
	"processes": {"cpu_pct", "cpu_count", "rss_bytes", "read_bytes_per_s", "write_bytes_per_s", "count"},
	"units":     {"cpu_pct", "cpu_count", "memory_bytes"},
}

// readings is a relation with a row for each host, ts and name of an element of a list. by is the column with the name. The other columns
// are the given ones (see [statement.details]), and two more: listed and lists. A copy of a sample has equal elements, and max takes one of
// them. Panels of a page that read the same list share the relation.
func (s statement) readings(list, by string, columns ...string) (string, error) {
	const name = "readings_of"
	if s.share == nil {
		return s.relation(name, func(s statement) (string, error) {
			return s.readingsQuery(list, by, append(slices.Compact(columns), "listed", "lists"))
		})
	}
	// Each column of a large table costs time, so what is made of others is not in it.
	shared, computed := sharedReadings[list], []string{}
	of, several := s.grain.of(list)
	if several {
		shared = slices.Concat(shared, of.extremes, []string{"listed", "lists"})
	} else {
		computed = append(computed, "1e0 AS listed", "1e0 AS lists")
	}
	for _, c := range slices.Compact(columns) {
		if d, ok := elementDerivations[list][c]; ok {
			computed = append(computed, d.sql+" AS "+c)
		} else if field := withoutEnd(c); !several && field != c { // one reading is its own extreme
			computed = append(computed, field+" AS "+c)
		}
	}
	relation, err := s.relation(name, func(s statement) (string, error) { return s.readingsQuery(list, by, shared) })
	return computing(computed, relation) + " AS " + name, err
}

func (s statement) readingsQuery(list, by string, columns []string) (string, error) {
	relation, err := s.details(list, "host", by, columns)
	aggregates := each(columns, func(column string) string {
		if strings.HasSuffix(column, lowest) {
			return "min(" + column + ")"
		}
		return "max(" + column + ")"
	})
	return "SELECT host, ts, " + by + ", " + aggregates + "\n    FROM " + relation + "\n    GROUP BY 1, 2, 3", err
}

// elements is the query of the elements of one relation.
func (s statement) elements(list string, columns []string) (string, error) {
	fields := contract[list].Fields
	of, several := s.grain.of(list)
	if several {
		fields = of.fields()
	}
	field := func(name string) (f record.Column, ok bool) {
		i := slices.IndexFunc(fields, func(f record.Column) bool { return f.Name == name })
		if i < 0 {
			return record.Column{}, false
		}
		return fields[i], true
	}
	outer, inner := []string{"ts"}, []string{}
	for _, c := range columns {
		f, own := field(c)
		if !own && !several { // one reading is its own extreme
			f, own = field(withoutEnd(c))
		}
		switch {
		case !several && (c == "listed" || c == "lists"):
			outer = append(outer, "1e0 AS "+c)
		case c == "listed":
			outer = append(outer, "CAST(element.listed AS double) AS listed")
		case c == "lists":
			outer = append(outer, "CAST(lists AS double) AS lists")
		case own:
			outer = append(outer, plausible("element."+f.Name, f)+" AS "+c)
		default:
			outer, inner = append(outer, c), append(inner, c)
		}
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	column, join := s.unnested(list, names)
	chosen, err := s.chosen(inner, list, column)
	return "SELECT " + strings.Join(outer, ",\n      ") + "\n    FROM " + chosen + " AS listed" + join, err
}

// elementDerivations are the columns that are computed from fields of the same element, by list.
var elementDerivations = map[string]map[string]derived{
	"disks": {
		"throughput": added("read_bytes_per_s", "write_bytes_per_s"),
		"operations": added("read_ops_per_s", "write_ops_per_s"),
	},
	"interfaces": {
		"throughput": added("recv_bytes_per_s", "sent_bytes_per_s"),
		"lost":       added("err_per_s", "drop_per_s"),
		// link_pct is how much of the link's speed the busier direction uses, in percent.
		"link_pct": {
			"CASE WHEN speed_bits_per_s > 0 THEN 800 * CASE WHEN sent_bytes_per_s > coalesce(recv_bytes_per_s, 0) THEN sent_bytes_per_s " +
				"ELSE recv_bytes_per_s END / speed_bits_per_s END",
			[]string{"recv_bytes_per_s", "sent_bytes_per_s", "speed_bits_per_s"},
		},
	},
	"processes": {
		// process names a program and, if it has one, its unit: java (app.service).
		"process": {
			"CASE WHEN unit <> '' THEN coalesce(name, '(unnamed)') || ' (' || unit || ')' ELSE coalesce(name, '(unnamed)') END",
			[]string{"name", "unit"},
		},
		"throughput": added("read_bytes_per_s", "write_bytes_per_s"),
		"cpu_share":  ofAllCores,
	},
	"units": {
		"cpu_share":  ofAllCores,
		"throughput": added("read_bytes_per_s", "write_bytes_per_s"),
	},
}

// ofAllCores is the CPU time of an element in percent of all cores.
var ofAllCores = derived{"cpu_pct / nullif(cpu_count, 0)", []string{"cpu_pct", "cpu_count"}}

// added is the sum of two fields. It is NULL if both are unknown.
func added(a, b string) derived {
	return derived{
		"CASE WHEN coalesce(" + a + ", " + b + ") IS NOT NULL THEN coalesce(" + a + ", 0) + coalesce(" + b + ", 0) END",
		[]string{a, b},
	}
}

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
//   - a field of the elements;
//   - one of the list's derivations;
//   - a column of the sample as [statement.samples] takes it, if the elements have no field of that name.
//
// Samples have lists once per detail interval. Those without the list, such as the samples of an older collector, give no rows.
// As with samples, a query reads lists only through this function, and values out of range are NULL.
func (s statement) details(list string, columns ...any) (string, error) {
	of := contract[list]
	if of.Fields == nil {
		return "", fmt.Errorf("samples have no list %s", list)
	}
	wanted, err := flat(columns)
	if err != nil {
		return "", err
	}
	read, computed := withDerived(wanted, elementDerivations[list])
	outer, inner := []string{"ts"}, []string{}
	for _, c := range read {
		if i := slices.IndexFunc(of.Fields, func(f record.Column) bool { return f.Name == c }); i >= 0 {
			outer = append(outer, plausible("element."+c, of.Fields[i])+" AS "+c)
			continue
		}
		outer, inner = append(outer, c), append(inner, c)
	}
	fields := make([]string, len(of.Fields))
	for i, f := range of.Fields {
		fields[i] = f.Name
	}
	chosen, err := s.chosen(inner, list)
	if err != nil {
		return "", err
	}
	relation := "(\n    SELECT " + strings.Join(outer, ",\n      ") + "\n    FROM " + chosen + " AS listed " + s.unnested(fields) + "\n  )"
	return computing(computed, relation) + " AS chosen", nil
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
	},
	"units": {
		"throughput": added("read_bytes_per_s", "write_bytes_per_s"),
	},
}

// added is the sum of two fields. It is NULL if both are unknown.
func added(a, b string) derived {
	return derived{
		"CASE WHEN coalesce(" + a + ", " + b + ") IS NOT NULL THEN coalesce(" + a + ", 0) + coalesce(" + b + ", 0) END",
		[]string{a, b},
	}
}

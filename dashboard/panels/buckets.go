package panels

import (
	"slices"
	"strconv"
	"strings"
)

// Shared is a relation that several queries of a page read. An engine can keep it for a moment and so make it once for all of them. Two
// relations are the same if SQL and Args are equal.
type Shared struct {
	Name string // of the relation in the query
	SQL  string
	Args []any
}

// byBucket is the relation of the values of hosts in time buckets: host, t, the newest time last_ts, interval_s, and columns of the
// samples. A column is the mean of the bucket. With [lowest] or [highest] after its name, it is that value of the bucket.
func (s statement) byBucket(columns ...any) (string, error) {
	wanted, err := flat(columns)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(wanted, func(c string) bool { return !slices.Contains(s.together, c) }) {
		s.share = nil
	}
	if s.share != nil {
		wanted = s.together
	}
	return s.relation("by_bucket", func(s statement) (string, error) { return s.buckets(wanted) })
}

// withEnds are these columns with their lowest and highest values, by the names that [statement.byBucket] takes.
func withEnds(columns ...string) (list []string) {
	for _, c := range columns {
		list = append(list, c, c+lowest, c+highest)
	}
	return list
}

// kept is the relation that a shared template's query makes. If panels of a page ask for the same relation, they share it.
func (s statement) kept(name string) (string, error) {
	return s.relation(name, func(s statement) (string, error) { return s.execute(name, nil) })
}

// relation is the relation that a query makes: its text or, if the statement shares it, its name.
func (s statement) relation(name string, query func(s statement) (string, error)) (string, error) {
	if s.share == nil {
		text, err := query(s)
		return "(\n    " + text + "\n  ) AS " + name, err
	}
	return s.share(func(filters func() []string) (string, error) {
		s.filters = filters
		return query(s)
	})
}

// ofOneHost reads the rows of the chosen host with these columns, which panels of its page share, in place of the samples in r.
func (s statement) ofOneHost(r Range, columns []string) (scan, error) {
	all := s.parts[0]
	name, err := s.share(func(filters func() []string) (string, error) {
		s.filters = filters
		return "SELECT " + strings.Join(columns, ", ") + "\n    FROM " + all.relation + "\n    WHERE " + s.conditions(all), nil
	})
	return scan{parts: []part{{relation: name, inRange: during("ts", r), filtered: true}}}, err
}

// buckets is the query that makes the values of hosts in time buckets.
func (s statement) buckets(columns []string) (string, error) {
	s.extremes = map[string]bool{}
	list, read := "", []string{"host", "interval_s"}
	for _, c := range columns {
		of, ok := strings.CutSuffix(c, lowest)
		sql := s.low
		if !ok {
			sql = s.high
			if of, ok = strings.CutSuffix(c, highest); !ok {
				sql = s.mean
			}
		}
		list += ", " + sql(of) + " AS " + c
		if !slices.Contains(read, of) {
			read = append(read, of)
		}
	}
	relation, err := s.samples(read)
	return "SELECT host, " + begin(s.bucket(0)) + " AS t, max(ts) AS last_ts, max(interval_s) AS interval_s" + list +
		"\n    FROM " + relation + "\n    GROUP BY 1, 2", err
}

// shareWith returns a function that writes a relation with conditions of its own and adds it to the query, once.
func (q *Query) shareWith(params Params, parameter func(n int) string) func(write func(filters func() []string) (string, error)) (string, error) {
	return func(write func(filters func() []string) (string, error)) (string, error) {
		var made Shared
		var err error
		made.SQL, err = write(func() []string {
			return params.filters(func(text string) string {
				made.Args = append(made.Args, text)
				return parameter(len(made.Args))
			})
		})
		i := slices.IndexFunc(q.Shared, func(s Shared) bool { return s.SQL == made.SQL && slices.Equal(s.Args, made.Args) })
		if i < 0 {
			i, made.Name = len(q.Shared), "together_"+strconv.Itoa(len(q.Shared)+1)
			q.Shared = append(q.Shared, made)
		}
		return q.Shared[i].Name, err
	}
}

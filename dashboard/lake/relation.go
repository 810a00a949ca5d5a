package lake

import (
	"fmt"
	"path/filepath"
	"regexp"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// relation is a table of the lake that queries see as a view of its name.
type relation struct {
	name     string
	columns  []record.Column
	keys     []string       // partition keys
	identity []string       // columns that each of its files has; a file without them may be of another table in the same bucket
	named    *regexp.Regexp // matches a query that may read the relation
	folder   func(samples string) string
}

// samples is the relation of all samples. Its files are in the folders that the catalog finds. Those of the rollups are beside it.
var samples = relation{
	name: panels.Samples, columns: record.Columns(), keys: record.PartitionKeys(), identity: []string{"ts", "session_id"},
	folder: func(samples string) string { return samples },
}

var rollups = func() (list []relation) {
	for _, r := range panels.Rollups() {
		list = append(list, relation{
			name: r.Table(), columns: r.Columns(), keys: r.PartitionKeys(), identity: []string{"t", "samples"},
			named:  regexp.MustCompile(`(?i)\b` + r.Table() + `\b`),
			folder: func(samples string) string { return rollupFolder(samples, r) },
		})
	}
	return list
}()

// check refuses a file that lacks a column which all files of the relation have.
func (r relation) check(s *shape) error {
	for _, name := range r.identity {
		if !s.has(name) {
			return fmt.Errorf("no column %s: not a file of %s", name, r.name)
		}
	}
	return nil
}

// rollupFolder is where the objects of a rollup are, beside the folder of the samples.
func rollupFolder(samples string, r panels.Rollup) string {
	return filepath.Join(filepath.Dir(samples), filepath.FromSlash(r.Prefix()))
}

// readBy returns the relations that a query may read. A view costs a look at each of its files.
func readBy(sql string) []relation {
	list := []relation{samples}
	for _, r := range rollups {
		if r.named.MatchString(sql) {
			list = append(list, r)
		}
	}
	return list
}

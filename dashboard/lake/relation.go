package lake

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

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
	rollup   panels.Rollup // that it is; the zero Rollup if it has samples
	lacking  []relation    // rollups whose periods it does not have
	unread   bool          // its view has no files, because the query only may look up its columns in the catalog
}

// samples is the relation of all samples. Its files are in the folders that the catalog finds. Those of the rollups are beside it.
var samples = relation{
	name: panels.Samples, columns: record.Columns(), keys: record.PartitionKeys(), identity: []string{"ts", "session_id"},
	named:  regexp.MustCompile(`(?i)\b` + panels.Samples + `(_once)?\b`),
	folder: func(samples string) string { return samples },
}

// rollups are the relations of the rollups.
var rollups = func() (list []relation) {
	for _, r := range panels.Rollups() {
		list = append(list, relation{
			name: r.Table(), columns: r.Columns(), keys: r.PartitionKeys(), identity: []string{"t", "samples"},
			named:  regexp.MustCompile(`(?i)\b` + r.Table() + `\b`),
			folder: func(samples string) string { return rollupFolder(samples, r) },
			rollup: r,
		})
	}
	return list
}()

// notRolledUp are what coarser rollups lack: see [panels.Rollup.Without].
var notRolledUp = func() (list []relation) {
	finer := []relation{samples}
	for _, coarsest := range rollups {
		others := []relation{coarsest}
		for _, rel := range slices.Backward(finer) {
			rel = rel.without(rel.rollup.Without(coarsest.rollup), others...)
			list, others = append(list, rel), append(others, rel)
		}
		finer = append(finer, coarsest)
	}
	return list
}()

// relationOf is the relation of a rollup. The zero Rollup is the samples.
func relationOf(r panels.Rollup) relation {
	for _, rel := range rollups {
		if rel.rollup.Name == r.Name {
			return rel
		}
	}
	return samples
}

// filesOf returns the files of a partition.
func (r relation) filesOf(w *walk, partition place) []place {
	files := w.files(partition)
	if r.rollup.Name != "" {
		files = newestRun(partition, files)
	}
	return files
}

// besidesSamples are all relations besides samples.
func besidesSamples() []relation { return slices.Concat(rollups, notRolledUp) }

// without is the relation of the rows in periods that the others lack.
func (r relation) without(name string, others ...relation) relation {
	r.name, r.lacking, r.named = name, others, regexp.MustCompile(`(?i)\b`+name+`\b`)
	return r
}

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

// relationsFor returns the relations whose views a query or what it shares may need. A view costs a look at each of its files. The name samples
// in a query over a rollup is a column of the rollup. So a panel's query over a rollup does not need the view samples. A query that a person
// wrote reads only the tables that it names. It may look up the columns of the other relations.
func relationsFor(q panels.Query, tables []string) (list []relation) {
	if q.Rollup == "" {
		list = append(list, samples)
	}
	for _, r := range besidesSamples() {
		if r.named.MatchString(q.SQL) || slices.ContainsFunc(q.Shared, func(s panels.Shared) bool { return r.named.MatchString(s.SQL) }) {
			list = append(list, r)
		}
	}
	if !q.Bound() {
		for i, r := range list {
			list[i].unread = !r.isAmong(tables)
		}
	}
	return list
}

// isAmong reports whether tables has the relation, or a view over it.
func (r relation) isAmong(tables []string) bool {
	views := []string{r.name}
	if r.name == samples.name {
		views = append(views, panels.Once, panels.OTel)
	}
	return slices.ContainsFunc(views, func(view string) bool {
		return slices.ContainsFunc(tables, func(table string) bool { return strings.EqualFold(table, view) })
	})
}

// besidesShared returns the views of relations that a query reads itself. Those of a panel are often only for what it shares.
func besidesShared(q panels.Query, relations []relation, views []string) (list []string) {
	for i, r := range relations {
		if len(q.Shared) == 0 || r.named.MatchString(q.SQL) {
			list = append(list, views[i])
		}
	}
	return list
}

package stack_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/functions/transform"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/stack"
	"github.com/metrics-dashboard/metrics-dashboard/local/internal/template"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/recordtest"
)

// Collectors and stacks of two releases work together in any order, in one lake: those before samples had lists, and those of today. A
// table without the lists does not take them from a line, and loses nothing else of it.
func TestReleasesBeforeAndAfterDetails(t *testing.T) {
	before, err := os.ReadFile("../template/testdata/before-details.json")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(before, []byte("array<")) || !bytes.Contains(template.Default(), []byte("array<")) {
		t.Fatal("the two templates do not differ in their lists")
	}
	dir := t.TempDir()
	stacks := map[string][]byte{"old": before, "new": template.Default()}
	lines := map[string][]byte{"old": recordtest.BeforeDetails, "new": recordtest.GoldenLines}
	type count struct{ rows, lists int }
	want := map[string]count{} // by session
	for _, run := range [][2]string{{"old", "old"}, {"new", "old"}, {"old", "new"}, {"new", "new"}} {
		collector, stackName := run[0], run[1]
		running := startOf(t, acceptingAll(t, stacks[stackName]), dir, stack.Options{FlushEvery: time.Second})
		var marked [][]byte // the lines of this run have their own sessions
		for line := range bytes.Lines(lines[collector]) {
			s, err := record.ParseSample(bytes.TrimSpace(line))
			if err != nil {
				t.Fatal(err)
			}
			session := collector + " to " + stackName + " " + s.SessionID
			marked = append(marked, bytes.Replace(line, []byte(`"`+s.SessionID+`"`), []byte(`"`+session+`"`), 1))
			n := want[session]
			n.rows++
			if stackName == "new" && s.Sensors != nil {
				n.lists++
			}
			want[session] = n
		}
		put(t, running, compress(t, marked...))
		closeStack(t, running)
	}
	if failed := failedRecords(t, dir); len(failed) > 0 {
		t.Errorf("%d records failed: %q", len(failed), failed)
	}
	var expected []string
	for session, n := range want {
		expected = append(expected, fmt.Sprintf("%s: %d %d", session, n.rows, n.lists))
	}
	slices.Sort(expected)
	got := query(t, dir, `SELECT session_id || ':', count(*), count(sensors) FROM samples GROUP BY ALL ORDER BY 1`)
	if !slices.Equal(got, expected) {
		t.Errorf("rows and lists by session are\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(expected, "\n"))
	}
	// All four runs give the same values in the columns that both releases have.
	var columns []string
	for _, c := range record.SampleColumns() {
		if !c.IsList() && c.Name != "session_id" {
			columns = append(columns, c.Name)
		}
	}
	differ := query(t, dir, `SELECT count(*) FROM (SELECT `+strings.Join(columns, ", ")+`, event_time, day, hour, count(*) AS copies
		FROM samples WHERE session_id LIKE '%ff4ae39f6bb44fb8' OR session_id LIKE '%bare' OR session_id LIKE '%awkward' GROUP BY ALL HAVING copies != 4)`)
	if fmt.Sprint(differ) != "[0]" {
		t.Errorf("%v samples are not the same in all runs", differ)
	}
}

// acceptingAll is the stack of a template, but it takes samples of any age.
func acceptingAll(t *testing.T, text []byte) spec.Stack {
	t.Helper()
	s, err := template.Read(text, template.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.Streams[0].Lambda.Environment[transform.MaxAgeVariable] = "36500"
	return s
}

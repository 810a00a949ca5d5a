package lake_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/laketest"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/lake"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/simulation"
)

var (
	recallHosts = flag.Int("hosts", 13, "hosts of the simulated fleet on which the rules about problems are measured")
	recallDays  = flag.Int("days", 6, "days of it")
	recallSeed  = flag.Uint64("seed", 4, "its seed")
)

// incidents are the events that a rule should notice, and the problems that say so. A batch job, a clock that is off and a restart of a
// few minutes are not incidents.
var incidents = map[simulation.Event][]string{
	simulation.Leak:      {"Memory"},
	simulation.Runaway:   {"CPU"},
	simulation.DiskFill:  {"Disk full soon", "Disk full"},
	simulation.Steal:     {"Stolen CPU"},
	simulation.NetErrors: {"Network errors"},
	simulation.Silence:   {panels.Silent},
}

// learning is how long the rules do not know yet when a host is usually busy: the fleet starts on a Saturday evening, so Monday is its
// first working day. False problems that begin in this time are counted, and shown apart.
const learning = 3 * 24 * time.Hour

// explains says whether an event is a reason for a problem besides those in incidents.
func explains(e simulation.Event, problem string) bool {
	switch e {
	case simulation.Restart:
		return problem == panels.Silent
	case simulation.Steal, simulation.Runaway:
		return problem == "CPU" || problem == "Pressure"
	case simulation.Leak:
		return problem == "Pressure"
	}
	return false
}

// found is a problem that the rules raise.
type found struct {
	host, problem      string
	since, told, until time.Time
}

// TestRecall measures the rules about problems on a simulated fleet, whose truth is known, and logs the figures:
//
//	make problems HOSTS=100 DAYS=30 SEED=7
func TestRecall(t *testing.T) {
	const interval = time.Minute
	begin := start
	end := begin.Add(time.Duration(*recallDays) * 24 * time.Hour)
	fleet := simulation.Fleet{Seed: *recallSeed, Start: begin, About: end.Sub(begin)}
	var hosts []*simulation.Host
	for n := range *recallHosts {
		m := simulation.Usual(n)
		if n%13 == 4 { // otherwise nothing happens to it
			for at := begin.Add(30 * time.Hour); at.Before(end); at = at.Add(100 * time.Hour) {
				m.Episodes = append(m.Episodes, simulation.Episode{Event: simulation.Runaway, From: at, To: at.Add(40 * time.Minute)},
					simulation.Episode{Event: simulation.Silence, From: at.Add(20 * time.Hour), To: at.Add(21 * time.Hour)})
			}
		}
		hosts = append(hosts, fleet.New(n, m))
	}
	dir := t.TempDir()
	for day := begin; day.Before(end); day = day.Add(24 * time.Hour) {
		var samples []record.Sample
		for at := day; at.Before(day.Add(24 * time.Hour)); at = at.Add(interval) {
			for _, h := range hosts {
				if s, ok := h.Sample(at, interval); ok {
					// The rules do not read lists, which are most of a sample.
					s.Filesystems, s.Disks, s.Interfaces, s.Processes, s.Units, s.Sensors = nil, nil, nil, nil, nil, nil
					samples = append(samples, s)
				}
			}
		}
		laketest.Write(t, dir, samples)
	}
	raised := history(t, open(t, dir), begin, end)

	type count struct{ all, found int }
	seen := map[simulation.Event]*count{}
	var ahead []float64 // hours between the notice and the moment at which a filesystem is full
	truth := map[string][]simulation.Episode{}
	for _, h := range hosts {
		truth[h.Machine.Name] = h.Truth(end)
		for _, e := range truth[h.Machine.Name] {
			if incidents[e.Event] == nil || e.To.After(end) && e.Event != simulation.Silence && e.Event != simulation.NetErrors {
				continue // one that is not over has not reached its threshold
			}
			c := seen[e.Event]
			if c == nil {
				c = &count{}
				seen[e.Event] = c
			}
			c.all++
			i := slices.IndexFunc(raised, func(f found) bool {
				return f.host == h.Machine.Name && slices.Contains(incidents[e.Event], f.problem) && overlap(f, e) && f.told.Before(e.To.Add(10*time.Minute))
			})
			if i < 0 {
				t.Logf("missed: %s of %s from %v to %v", e.Event, h.Machine.Name, e.From, e.To)
				continue
			}
			c.found++
			if e.Event == simulation.DiskFill {
				ahead = append(ahead, e.To.Sub(raised[i].told).Hours())
			}
		}
	}
	wrong, early, byProblem := 0, 0, map[string]*count{}
	for _, f := range raised {
		c := byProblem[f.problem]
		if c == nil {
			c = &count{}
			byProblem[f.problem] = c
		}
		c.all++
		if !slices.ContainsFunc(truth[f.host], func(e simulation.Episode) bool {
			return overlap(f, e) && (slices.Contains(incidents[e.Event], f.problem) || explains(e.Event, f.problem))
		}) {
			c.found++
			wrong++
			if f.since.Before(begin.Add(learning)) {
				early++
			}
			t.Logf("false: %s of %s from %v for %v", f.problem, f.host, f.since, f.until.Sub(f.since))
		}
	}

	w := tabwriter.NewWriter(t.Output(), 0, 0, 2, ' ', 0)
	months := float64(len(hosts)) * float64(*recallDays) / 30
	all, noticed := 0, 0
	fmt.Fprintf(w, "\n%d hosts, %d days, seed %d\nincident\tthere were\tnoticed\trecall\n", len(hosts), *recallDays, *recallSeed)
	for _, e := range []simulation.Event{simulation.Leak, simulation.Runaway, simulation.DiskFill, simulation.Steal, simulation.NetErrors, simulation.Silence} {
		if c := seen[e]; c != nil {
			fmt.Fprintf(w, "%s\t%d\t%d\t%.1f %%\n", e, c.all, c.found, 100*float64(c.found)/float64(c.all))
			all, noticed = all+c.all, noticed+c.found
		}
	}
	recall := float64(noticed) / float64(all)
	fmt.Fprintf(w, "all\t%d\t%d\t%.1f %%\n\nproblem\traised\tfalse\tfalse per host and month\n", all, noticed, 100*recall)
	for _, name := range names() {
		if c := byProblem[name]; c != nil {
			fmt.Fprintf(w, "%s\t%d\t%d\t%.2f\n", name, c.all, c.found, float64(c.found)/months)
		}
	}
	perMonth := float64(wrong) / months
	fmt.Fprintf(w, "all\t%d\t%d\t%.2f\n", len(raised), wrong, perMonth)
	fmt.Fprintf(w, "of these in the first %d days\t\t%d\t\nprecision\t%.1f %%\n", int(learning.Hours()/24), early, 100*float64(len(raised)-wrong)/float64(max(1, len(raised))))
	if len(ahead) > 0 {
		fmt.Fprintf(w, "\nA disk is named at least %.0f hours before it is full.\n", slices.Min(ahead))
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	// In a month the first days do not matter much. In a shorter time they would be most of it.
	if span := end.Sub(begin); span < 30*24*time.Hour {
		perMonth = float64(wrong-early) / (float64(len(hosts)) * (span - learning).Hours() / 24 / 30)
	}
	if recall < .95 || perMonth > 1 {
		t.Errorf("recall %.3f, %.2f false problems per host and month; want at least 0.95 and at most 1", recall, perMonth)
	}
	if len(ahead) > 0 && slices.Min(ahead) < 24 {
		t.Errorf("a disk is named only %.1f hours before it is full, want 24", slices.Min(ahead))
	}
}

// overlap says whether a problem is noticed while an event goes on, or within the window of the rules after it.
func overlap(f found, e simulation.Episode) bool {
	return f.since.Before(e.To.Add(10*time.Minute)) && f.until.After(e.From)
}

func names() (list []string) {
	for _, p := range panels.AllRules() {
		list = append(list, p.Name)
	}
	return list
}

// history asks for the problems of some days at a time. Each range begins a day early, so that what goes on since before is known
// to: it is not counted again.
func history(t *testing.T, l *lake.Lake, begin, end time.Time) (all []found) {
	const step = 5 * 24 * time.Hour
	for from := begin; from.Before(end); from = from.Add(step) {
		r := panels.Range{From: from.Add(-24 * time.Hour), To: from.Add(step)}
		if r.To.After(end) {
			r.To = end
		}
		result := runPanel(t, l, "problems-history", panels.Params{Range: r, Bucket: time.Minute, Series: 1, Delay: 2 * time.Minute})
		for i := range result.Rows() {
			moment := func(column string) time.Time {
				return time.UnixMilli(int64(at(t, result, column, i).(float64) * 1000)).UTC()
			}
			f := found{fmt.Sprint(at(t, result, "host", i)), fmt.Sprint(at(t, result, "problem", i)), moment("since"), moment("reported"), moment("until")}
			if !f.since.Before(from) {
				all = append(all, f)
			}
		}
	}
	return all
}

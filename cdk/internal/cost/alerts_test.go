package cost

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// The statement of the alerts refers to so many hours as the estimate says. Athena's engine (Trino) puts the text of a common table
// expression wherever it is named, and reads the table each time.
func TestAlertHours(t *testing.T) {
	panel, ok := panels.Find(panels.ProblemsNow)
	if !ok {
		t.Fatal("there is no query of the alerts")
	}
	const samples = "samples_of_stack"
	var sum read
	const runs = 12
	for run := range runs {
		now := time.Date(2026, 11, 28, 12, 3+run*60/runs, 0, 0, time.UTC)
		rolledUp := now.Add(-30 * time.Minute).Truncate(time.Hour)
		form := panels.Athena(samples).WithRollups(func(grain panels.Rollup, r panels.Range) (parts []panels.Part, err error) {
			middle := rolledUp
			if r.To.Before(middle) {
				middle = r.To
			}
			if r.From.Before(middle) {
				parts = append(parts, panels.Part{Relation: grain.TableOf(samples), Of: grain, Range: panels.Range{From: r.From, To: middle}})
			} else {
				middle = r.From
			}
			if middle.Before(r.To) {
				parts = append(parts, panels.Part{Relation: samples, Range: panels.Range{From: middle, To: r.To}})
			}
			return parts, nil
		})
		q, err := panels.Bind(panel, panels.Params{
			Range: panels.Range{From: now.Add(-time.Hour), To: now}, Bucket: time.Minute, Series: 1, Delay: 8 * time.Minute,
		}, form)
		if err != nil {
			t.Fatal(err)
		}
		sum = sum.add(readOf(t, q.SQL, now))
	}
	for _, c := range []struct {
		name           string
		got, estimated float64
	}{
		{"hours of samples", sum.hours / runs, alertHours}, {"folders of samples", sum.folders / runs, alertFolders}, {"folders of minutes", sum.rolled / runs, alertRolled},
	} {
		if math.Abs(c.got-c.estimated) > 0.02*c.estimated {
			t.Errorf("the statement reads %.1f %s, the estimate says %v", c.got, c.name, c.estimated)
		}
	}
}

// read is what a statement reads: hours of samples as far as there are objects, folders of samples, and folders of minutes.
type read struct{ hours, folders, rolled float64 }

func (r read) add(other read) read {
	return read{r.hours + other.hours, r.folders + other.folders, r.rolled + other.rolled}
}

var (
	expression = regexp.MustCompile(`(?m)(?:^WITH |^\), |^, )(\w+) AS \(`)
	last       = regexp.MustCompile(`\n\)\nSELECT`)
	reference  = regexp.MustCompile(`\b(?:FROM|JOIN)\s+(\w+)`)
	scan       = regexp.MustCompile(`FROM samples_of_stack(\w*)\s+WHERE [^)]*?\bt(?:s)? >= ([0-9.]+) AND t(?:s)? < ([0-9.]+)`)
)

// readOf adds up all scans of a statement, with its common table expressions expanded.
func readOf(t *testing.T, sql string, now time.Time) read {
	t.Helper()
	bodies := map[string]string{}
	found := expression.FindAllStringSubmatchIndex(sql, -1)
	end := last.FindAllStringIndex(sql, -1)
	if len(found) == 0 || len(end) == 0 {
		t.Fatal("the statement has another form")
	}
	final := end[len(end)-1][0]
	for i, f := range found {
		until := final
		if i+1 < len(found) {
			until = found[i+1][0]
		}
		bodies[sql[f[2]:f[3]]] = sql[f[1]:until]
	}
	hour := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v / 3600
	}
	scans := 0
	var all func(body string) read
	all = func(body string) (sum read) {
		for _, s := range scan.FindAllStringSubmatch(body, -1) {
			scans++
			first, end := math.Floor(hour(s[2])), math.Ceil(hour(s[3])-1e-9)
			if s[1] != "" {
				sum.rolled += end - first
				continue
			}
			sum.folders += end - first
			sum.hours += math.Min(end, float64(now.Unix())/3600) - first
		}
		for _, r := range reference.FindAllStringSubmatch(body, -1) {
			if inner, ok := bodies[r[1]]; ok {
				sum = sum.add(all(inner))
			}
		}
		return sum
	}
	result := all(sql[final:])
	if n := strings.Count(sql, "FROM samples_of_stack"); scans < n {
		t.Fatalf("only %d of %d scans were found", scans, n)
	}
	return result
}

// A run costs money whether something is wrong or not, and nothing if alerts are off.
func TestAlertsInTheBill(t *testing.T) {
	f := Default()
	off, _ := Total(f.Estimate())
	f.AlertsEvery = 5 * time.Minute
	on, _ := Total(f.Estimate())
	f.AlertsEvery = 15 * time.Minute
	seldom, _ := Total(f.Estimate())
	if on <= off || math.Abs((on-off-alarm)/(seldom-off-alarm)-3) > 1e-9 {
		t.Errorf("a month costs %.2f USD without alerts, %.2f each 5 minutes, %.2f each 15", off, on, seldom)
	}
	f.AlertsEvery = time.Second
	if f.Validate() == nil {
		t.Error("alerts each second are allowed")
	}
}

// docs/alerts.md quotes the price of the alerts.
func TestAlertsQuotePrices(t *testing.T) {
	text, err := os.ReadFile(filepath.FromSlash("../../../docs/alerts.md"))
	if err != nil {
		t.Fatal(err)
	}
	price := func(hosts int, every time.Duration) float64 {
		f := Default()
		f.Hosts = hosts
		off, _ := Total(f.Estimate())
		f.AlertsEvery = every
		on, _ := Total(f.Estimate())
		return on - off
	}
	for _, hosts := range []int{5, 100} {
		want := fmt.Sprintf("about %.0f USD a month with a run each 5 minutes, and %.0f USD with `alertsEvery=15`, for 5 machines as well as for 100",
			price(hosts, 5*time.Minute), price(hosts, 15*time.Minute))
		if !strings.Contains(strings.Join(strings.Fields(string(text)), " "), want) {
			t.Errorf("docs/alerts.md does not say of %d machines: %s", hosts, want)
		}
	}
}

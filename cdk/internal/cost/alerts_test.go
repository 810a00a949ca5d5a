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

// The statement of the alerts refers to so many hours of the table as the estimate says. Athena's engine (Trino) puts the text of a common
// table expression wherever it is named, and reads the table each time.
func TestAlertHours(t *testing.T) {
	panel, ok := panels.Find(panels.ProblemsNow)
	if !ok {
		t.Fatal("there is no query of the alerts")
	}
	now := time.Date(2026, 11, 28, 12, 3, 0, 0, time.UTC)
	q, err := panels.Bind(panel, panels.Params{
		Range: panels.Range{From: now.Add(-time.Hour), To: now}, Bucket: time.Minute, Series: 1, Delay: 7 * time.Minute,
	}, panels.Athena("samples_of_stack"))
	if err != nil {
		t.Fatal(err)
	}
	if got := hoursOf(t, q.SQL); math.Abs(got-alertHours) > 0.02*alertHours {
		t.Errorf("the statement reads %.0f hours of the table, the estimate says %v", got, alertHours)
	}
}

var (
	expression = regexp.MustCompile(`(?m)(?:^WITH |^\), |^, )(\w+) AS \(`)
	last       = regexp.MustCompile(`\n\)\nSELECT`)
	reference  = regexp.MustCompile(`\b(?:FROM|JOIN|IN \(SELECT \w+ FROM)\s+(\w+)`)
	scan       = regexp.MustCompile(`FROM samples_of_stack\s+WHERE [^)]*?ts >= ([0-9.]+) AND ts < ([0-9.]+)(?:\s+AND ts >= ([0-9.]+) - ([0-9.]+) - ([0-9.]+))?`)
)

// hoursOf adds up the hours of all scans of a statement, with its common table expressions expanded.
func hoursOf(t *testing.T, sql string) float64 {
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
	number := func(s string) float64 {
		v, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	var hours func(body string) float64
	hours = func(body string) (sum float64) {
		for _, s := range scan.FindAllStringSubmatch(body, -1) {
			from, to := number(s[1]), number(s[2])
			if s[3] != "" {
				from = math.Max(from, number(s[3])-number(s[4])-number(s[5]))
			}
			sum += (to - from) / 3600
		}
		for _, r := range reference.FindAllStringSubmatch(body, -1) {
			if inner, ok := bodies[r[1]]; ok {
				sum += hours(inner)
			}
		}
		return sum
	}
	return hours(sql[final:])
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
	want := fmt.Sprintf("five machines at 3 s cost about %.0f USD a month for runs each 5 minutes and %.0f USD for `alertsEvery=15`; 100 machines cost %.0f and %.0f USD",
		price(5, 5*time.Minute), price(5, 15*time.Minute), price(100, 5*time.Minute), price(100, 15*time.Minute))
	if !strings.Contains(strings.Join(strings.Fields(string(text)), " "), want) {
		t.Errorf("docs/alerts.md does not say: %s", want)
	}
}

package panels

import (
	"fmt"
	"strings"
)

// Problem is a rule: a value of a host that should stay below a threshold. The page lists the problems of the hosts by these rules, and
// whoever sends alerts uses the same rules and the same SQL (see problem_states in sql/shared).
//
// A problem begins if, for five minutes, the value's mean in each minute is Warn or more, and at least half of the expected
// samples are there. It ends when the mean over five minutes is below Clear. So one sample is not a problem, and a value that
// swings about the threshold is one problem, not many.
type Problem struct {
	Name string `json:"name"`
	// Column is the value: a column of the samples, see [statement.samples].
	Column string `json:"column"`
	Unit   Unit   `json:"unit"`
	// Warn is the value at which the problem begins. At Critical it needs attention at once.
	Thresholds
	Clear float64 `json:"clear"`
	// Culprit is the column of the culprits (see sql/shared) that says what the problem comes from. It is empty if nothing on the host
	// is to blame.
	Culprit string `json:"-"`
}

// Rules are the problems about values of each minute.
func Rules() []Problem {
	return []Problem{
		{"CPU", "cpu_pct", Percent, loaded, 70, "cpu_process"},
		{"Memory", "ram_pct", Percent, loaded, 85, "memory_process"},
		// A disk that is busy while no task waits for it is a backup or a batch job.
		{"Disk busy", "disk_awaited_pct", Percent, loaded, 70, "device"},
		{"Stolen CPU", "cpu_steal_pct", Percent, stolen, 5, ""},
		{"Pressure", "pressure", Percent, pressed, 25, ""},
		{"Disk full", "disk_used_pct", Percent, filled, 88, "mount"},
		{"Inodes used up", "inodes_used_pct", Percent, filled, 88, ""},
		{"Network errors", "errors", PerSecond, erroneous, .5, "interface"},
	}
}

// Forecast is the rule about filesystems that will be full: a straight line through the means of up to twelve hours says when. The
// problem begins if that is in less than Warn seconds and the points are close to the line, and ends if it is in more than Clear.
var Forecast = Problem{"Disk full soon", "full_in", Duration, Thresholds{Warn: 3 * daySeconds, Critical: daySeconds}, 4 * daySeconds, "mount"}

// Names of the problems that are not about a value of each minute.
const (
	// Silent is a host that sends nothing: its newest sample is older than three of its intervals and the time that samples take.
	Silent = "Silent"
	// SharedName is several machines that send under one host name within the same five minutes. The pages cannot tell their
	// samples apart. A new machine that took over the name is not a problem.
	SharedName = "Host name of several machines"
)

// window of the rules, in seconds; each of its steps is a minute.
const problemWindowS = 300

// blameWindowS is how far back culprits are looked for, in seconds.
const blameWindowS = 900

// ruleRows are the rules as rows for a VALUES list: name, unit, thresholds.
func ruleRows() string {
	var rows []string
	for _, p := range Rules() {
		rows = append(rows, fmt.Sprintf("('%s', '%s', %s, %s, %s)", p.Name, p.Unit, double(p.Warn), double(p.Critical), double(p.Clear)))
	}
	return strings.Join(rows, ", ")
}

// double writes a number as a double: both engines take 0.5 for a decimal.
func double(v float64) string { return number(v) + "e0" }

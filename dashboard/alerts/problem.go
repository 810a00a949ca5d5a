package alerts

import (
	"fmt"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Severity of a problem.
type Severity int

// The severities.
const (
	Warning  Severity = 1 // needs attention soon
	Critical Severity = 2 // needs attention at once
)

func (s Severity) String() string {
	if s >= Critical {
		return "critical"
	}
	return "warning"
}

// Problem is something that is wrong with a host now. A text is empty if it is not known.
type Problem struct {
	Host    string `json:"host"`              // as the page names it
	Machine string `json:"machine,omitempty"` // hash of the machine's ID
	Env     string `json:"env,omitempty"`
	Role    string `json:"role,omitempty"`
	Name    string `json:"problem"` // of the rule
	// Culprit is the process, mount point, disk or interface that the problem comes from.
	Culprit string      `json:"culprit,omitempty"`
	Unit    panels.Unit `json:"unit"` // of Value and Threshold
	Value   float64     `json:"value"`
	// Threshold is the one that Value has passed: that of the severity. It is 0 if the rule has no thresholds.
	Threshold float64 `json:"threshold,omitempty"`
	// Since is when the problem began. If UnknownSince is set, the problem is older than that.
	Since        time.Time `json:"since"`
	UnknownSince bool      `json:"unknown_since,omitempty"`
	Severity     Severity  `json:"severity"`
	// Routine says that the host is as busy at this time of day as on the days before. The page does not list such a problem, and it is
	// not a reason to raise an alert. An alert that was raised for the problem goes on.
	Routine bool `json:"routine,omitempty"`
	// Muted says that before MutedUntil no receiver gets a message that the problem began, got worse or goes on. MuteReason says why.
	Muted      bool      `json:"muted,omitempty"`
	MutedUntil time.Time `json:"muted_until,omitzero"`
	MuteReason string    `json:"mute_reason,omitempty"`
}

// Query asks for the problems that are open at now, under rules. delay is how long samples normally take from a machine into the lake. The
// query reads two hours of values, 13 hours of disks, and eleven hours of CPU and memory of the days before. So [Problem.Since] is exact for a
// problem that began within the last two hours, or within the last 13 if it is [panels.DiskFullSoon] or [panels.Silent]. A host that sent
// samples since knownSince is reported as silent, also if that is longer ago; the zero time means 13 hours.
func Query(form panels.Form, rules panels.RuleChanges, now time.Time, delay time.Duration, knownSince time.Time) (panels.Query, error) {
	panel, ok := panels.Find(panels.ProblemsNow)
	if !ok {
		return panels.Query{}, fmt.Errorf("there is no panel %s", panels.ProblemsNow)
	}
	q, err := panels.Bind(panel, panels.Params{
		Range: panels.Range{From: now.Add(-time.Hour), To: now}, Bucket: time.Minute, Series: 1, Delay: delay, Rules: rules, KnownSince: knownSince,
	}, form)
	if err != nil {
		return q, fmt.Errorf("ask for the problems of all hosts: %w", err)
	}
	return q, nil
}

// Read reads the answer to [Query]. It leaves Now.At as it is. The error says which column is not as the query has it.
func Read(result panels.Result) (Now, error) {
	now := Now{Heard: map[string]time.Time{}, Quiet: map[string]bool{}}
	r := reader{result: result}
	for i := range result.Rows() {
		host := r.text("host", i)
		now.Heard[host] = r.moment("last_ts", i)
		if r.truth("quiet", i) {
			now.Quiet[host] = true
		}
		p := Problem{
			Host: host, Machine: r.text("machine_id", i), Role: r.text("node_role", i), Env: r.text("env", i),
			Name: r.text("problem", i), Severity: Severity(r.number("severity", i)), Value: r.number("value", i), Unit: panels.Unit(r.text("unit", i)),
			Threshold: r.number("threshold", i), Culprit: r.text("culprit", i), Since: r.moment("since", i), UnknownSince: r.truth("unknown_since", i),
			Routine: r.truth("routine", i), MutedUntil: r.moment("muted_until", i), MuteReason: r.text("mute_reason", i),
		}
		p.Muted = !p.MutedUntil.IsZero()
		if p.Name != "" {
			now.Problems = append(now.Problems, p)
		}
	}
	if r.err != nil {
		return Now{}, fmt.Errorf("read the problems of all hosts: %w", r.err)
	}
	return now, nil
}

// reader reads values of a result and keeps the first error. NULL is the zero value.
type reader struct {
	result panels.Result
	err    error
}

func (r *reader) value(column string, row int) any {
	i := r.result.Index(column)
	if i < 0 {
		r.fail(fmt.Errorf("the answer has no column %s", column))
		return nil
	}
	return r.result.Data[i][row]
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// read reads a value of the type T, which want describes.
func read[T any](r *reader, column string, row int, want string) (value T) {
	switch v := r.value(column, row).(type) {
	case nil:
	case T:
		return v
	default:
		r.fail(fmt.Errorf("column %s has the value %v, a %T; want %s", column, v, v, want))
	}
	return value
}

func (r *reader) text(column string, row int) string { return read[string](r, column, row, "a text") }

func (r *reader) truth(column string, row int) bool {
	return read[bool](r, column, row, "true or false")
}

func (r *reader) number(column string, row int) float64 {
	if whole, ok := r.value(column, row).(int64); ok {
		return float64(whole)
	}
	return read[float64](r, column, row, "a number")
}

// moment reads Unix seconds.
func (r *reader) moment(column string, row int) time.Time {
	s := r.number(column, row)
	if s == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(s * 1000)).UTC()
}

package alerts

import (
	"fmt"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// noon is when the tests begin.
var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// after is a time after noon.
func after(d time.Duration) time.Time { return noon.Add(d) }

// problem is a problem that began at noon.
func problem(host, name string, severity Severity) Problem {
	return Problem{
		Host: host, Env: "prod", Role: "web", Name: name, Severity: severity, Unit: panels.Percent, Value: 97.25, Threshold: 95,
		Culprit: "java 61 %", Since: noon,
	}
}

// silence is a host that is silent since noon.
func silence(host string) Problem {
	return Problem{Host: host, Name: panels.Silent, Severity: Critical, Unit: panels.Duration, Value: 600, Since: noon}
}

// standing is what stands at a time. The hosts of problems are heard, unless they are silent; so are further hosts.
func standing(at time.Time, heard []string, problems ...Problem) Now {
	n := Now{At: at, Problems: problems, Heard: map[string]time.Time{}}
	for _, h := range heard {
		n.Heard[h] = at
	}
	for _, p := range problems {
		n.Heard[p.Host] = at
		if p.Name == panels.Silent {
			n.Heard[p.Host] = p.Since
		}
	}
	return n
}

// quiet adds that the newest sample of a host is too old, though it is not reported as silent.
func quiet(now Now, host string) Now {
	now.Quiet = map[string]bool{host: true}
	return now
}

// told is a state of a receiver that was told at noon.
func told(problems ...Problem) State {
	var s State
	for _, p := range problems {
		s.Told = append(s.Told, Told{p, noon})
	}
	return s
}

// changesOf lists the changes of a message.
func changesOf(m *Message) []string {
	list := []string{}
	if m == nil {
		return list
	}
	for _, c := range m.Changes {
		list = append(list, fmt.Sprintf("%s %s %s", c.Event, c.Problem.Host, c.Problem.Name))
	}
	return list
}

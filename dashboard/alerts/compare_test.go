package alerts

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

func TestNext(t *testing.T) {
	cpu, worse, muted := problem("a", "CPU", Warning), problem("a", "CPU", Critical), problem("a", "CPU", Warning)
	muted.Muted = true
	mutedWorse := worse
	mutedWorse.Muted = true
	routine := cpu
	routine.Routine = true
	memory := problem("b", "Memory", Warning)
	ab := []string{"a", "b"}
	for name, c := range map[string]struct {
		known State
		now   Now
		want  []string
	}{
		"nothing":                        {told(), standing(noon, ab), []string{}},
		"a problem begins":               {told(), standing(noon, ab, cpu), []string{"raised a CPU"}},
		"twice in the answer":            {told(), standing(noon, ab, cpu, worse, cpu), []string{"raised a CPU"}},
		"it goes on":                     {told(cpu), standing(after(time.Hour), ab, cpu), []string{}},
		"it ends":                        {told(cpu), standing(after(time.Hour), ab), []string{"resolved a CPU"}},
		"it gets worse":                  {told(cpu), standing(after(time.Hour), ab, worse), []string{"escalated a CPU"}},
		"it gets better":                 {told(worse), standing(after(time.Hour), ab, cpu), []string{}},
		"just before the reminder":       {told(cpu), standing(after(RepeatEvery-time.Second), ab, cpu), []string{}},
		"the reminder":                   {told(cpu), standing(after(RepeatEvery), ab, cpu), []string{"repeated a CPU"}},
		"worst first":                    {told(), standing(noon, ab, memory, worse), []string{"raised a CPU", "raised b Memory"}},
		"new before over":                {told(worse), standing(noon, ab, memory), []string{"raised b Memory", "resolved a CPU"}},
		"muted from the begin":           {told(), standing(noon, ab, muted), []string{}},
		"muted later":                    {told(cpu), standing(after(RepeatEvery), ab, muted), []string{}},
		"worse while muted":              {told(cpu), standing(after(time.Hour), ab, mutedWorse), []string{}},
		"a routine":                      {told(), standing(noon, ab, routine), []string{}},
		"known before it was a routine":  {told(cpu), standing(after(RepeatEvery), ab, routine), []string{"repeated a CPU"}},
		"over while muted":               {told(cpu), standing(after(time.Hour), ab), []string{"resolved a CPU"}},
		"not muted any more":             {told(), standing(after(25*time.Hour), ab, cpu), []string{"raised a CPU"}},
		"silent":                         {told(), standing(noon, ab, silence("a")), []string{"raised a Silent"}},
		"silent, with another problem":   {told(cpu), standing(after(RepeatEvery), ab, silence("a")), []string{"raised a Silent"}},
		"silent for longer than looked":  {told(silence("a")), standing(after(3*time.Hour), []string{"b"}), []string{}},
		"and reminded of it":             {told(silence("a")), standing(after(RepeatEvery), []string{"b"}), []string{"repeated a Silent"}},
		"back":                           {told(silence("a")), standing(after(3*time.Hour), ab), []string{"resolved a Silent"}},
		"back, and its problem is over":  {told(silence("a"), cpu), standing(after(3*time.Hour), ab), []string{"resolved a Silent", "resolved a CPU"}},
		"back, and its problem goes on":  {told(silence("a"), cpu), standing(after(3*time.Hour), ab, cpu), []string{"resolved a Silent"}},
		"not heard, not said to be":      {told(cpu), standing(after(RepeatEvery), []string{"b"}), []string{}},
		"quiet, with another problem":    {told(cpu), quiet(standing(after(RepeatEvery), ab), "a"), []string{}},
		"quiet, but told as silent":      {told(silence("a")), quiet(standing(after(time.Hour), ab), "a"), []string{"resolved a Silent"}},
		"another one is quiet":           {told(cpu), quiet(standing(after(time.Hour), ab), "b"), []string{"resolved a CPU"}},
		"quiet, with an odd name":        {told(problem("a?b", "CPU", Warning)), quiet(standing(after(time.Hour), []string{"a\x00b"}), "a\x00b"), []string{}},
		"an odd name":                    {told(problem("a?b", "CPU", Warning)), standing(after(time.Hour), []string{"a\x00b"}), []string{"resolved a?b CPU"}},
		"an empty lake":                  {told(cpu, silence("b")), standing(after(time.Hour), nil), []string{}},
		"silent for a month":             {told(silence("a"), cpu), standing(after(panels.ForgetAfter+time.Hour), []string{"b"}), []string{"forgotten a Silent", "forgotten a CPU"}},
		"a clock a year ahead":           {told(cpu), standing(after(365*24*time.Hour), nil), []string{}},
		"told by a clock a year ahead":   {State{Told: []Told{{cpu, after(365 * 24 * time.Hour)}}}, standing(noon, ab, cpu), []string{"repeated a CPU"}},
		"told by a clock a minute ahead": {State{Told: []Told{{cpu, after(time.Minute)}}}, standing(noon, ab, cpu), []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			m := c.known.next(c.now, false)
			if got := changesOf(m); !slices.Equal(got, c.want) {
				t.Errorf("changes %q, want %q", got, c.want)
			}
			if m == nil {
				return
			}
			next := c.known.after(m)
			if again := next.next(c.now, false); again != nil {
				t.Errorf("the receiver knows the message, and is told again: %q", changesOf(again))
			}
		})
	}
}

// A reminder takes along the problems that were told more than half of the time ago.
func TestRemindersJoin(t *testing.T) {
	s := State{Told: []Told{
		{problem("a", "CPU", Warning), noon},
		{problem("b", "CPU", Warning), after(time.Hour)},
		{problem("c", "CPU", Warning), after(3 * time.Hour)},
	}}
	now := standing(after(RepeatEvery), nil, s.Told[0].Problem, s.Told[1].Problem, s.Told[2].Problem)
	m := s.next(now, false)
	if got, want := changesOf(m), []string{"repeated a CPU", "repeated b CPU"}; !slices.Equal(got, want) {
		t.Fatalf("changes %q, want %q", got, want)
	}
}

// The rules look back two hours only. The state knows since when a problem goes on.
func TestSinceIsKept(t *testing.T) {
	later := problem("a", "CPU", Critical)
	later.Since, later.UnknownSince = after(time.Hour), true
	m := told(problem("a", "CPU", Warning)).next(standing(after(2*time.Hour), nil, later), false)
	if p := m.Changes[0].Problem; !p.Since.Equal(noon) || p.UnknownSince {
		t.Errorf("since %v, unknown %v, want noon", p.Since, p.UnknownSince)
	}
	again := silence("a")
	again.Since = after(4 * time.Hour)
	m = told(silence("a")).next(standing(after(5*time.Hour), nil, again), false)
	if p := m.Changes[0].Problem; !p.Since.Equal(again.Since) {
		t.Errorf("the silence began at %v, want %v", p.Since, again.Since)
	}
}

// A state is bounded, and a message says how many problems it does not follow.
func TestBounded(t *testing.T) {
	var all []Problem
	for i := range MaxTold + 7 {
		all = append(all, silence(fmt.Sprintf("host-%05d", i)))
	}
	now := standing(noon, nil, all...)
	m := State{}.next(now, true)
	if len(m.Changes) != MaxTold || m.Untracked != 7 {
		t.Fatalf("%d changes and %d untracked, want %d and 7", len(m.Changes), m.Untracked, MaxTold)
	}
	s := State{}.after(m)
	if again := s.next(now, false); again != nil {
		t.Errorf("the untracked problems cause a message each time: %q", changesOf(again)[:1])
	}
	s.Pending = m
	content, err := s.bytes()
	if err != nil || len(content) > MaxStateBytes/2 {
		t.Errorf("the state has %d bytes, %v", len(content), err)
	}
	if read, err := readState(content); err != nil || len(read.Told) != MaxTold || read.Pending.ID != m.ID {
		t.Errorf("the state does not read back: %v", err)
	}
}

// A state of problems with the longest texts can be read back, also while a message about all of them is pending. Alerts go on.
func TestBoundedBytes(t *testing.T) {
	longest := strings.Repeat(`"<`, 200)
	many := func(first int, culprit string) (list []Problem) {
		for i := range MaxTold {
			p := problem(fmt.Sprintf("%05d%s", first+i, longest), "CPU", Critical)
			p.Env, p.Role, p.Machine, p.Culprit = longest, longest, longest, culprit
			list = append(list, p)
		}
		return list
	}
	s, largest := State{}, 0
	var heard []string
	for i, now := range [][]Problem{many(0, ""), many(0, longest), many(MaxTold/2, longest), many(3*MaxTold, longest)} {
		for _, p := range now {
			heard = append(heard, p.Host)
		}
		m := s.next(standing(after(time.Duration(i)*RepeatEvery), heard, now...), i == 0)
		if m == nil || m.Untracked == 0 {
			t.Fatalf("run %d: %v, want a message and problems that are not followed", i, m)
		}
		pending := s
		pending.Pending = m
		content, err := pending.bytes()
		if err != nil || len(content) > MaxStateBytes {
			t.Errorf("run %d: the state has %d bytes, %v", i, len(content), err)
		}
		largest = max(largest, len(content))
		s = s.after(m)
	}
	if largest < MaxStateBytes/3 {
		t.Errorf("the largest state has %d bytes: the test does not reach the bound", largest)
	}
}

package alerts_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/alerts"
	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
	"github.com/metrics-dashboard/metrics-dashboard/record"
)

func TestParsesRules(t *testing.T) {
	got, err := alerts.ParseRules([]byte(`{"overrides": [
		{"problems": ["CPU", "Memory"], "hosts": {"role": ["worker", "db"], "except": ["worker-01"]}, "warn": 95, "for": "30m"},
		{"problems": ["Disk full soon"], "hosts": {"host": ["db-*"], "tags": {"team": ["core"]}}, "warn": "168h", "critical": "48h", "clear": "200h"},
		{"hosts": {"env": ["dev"]}, "mute": {"until": "2026-12-24T09:00:00+01:00", "reason": "it's \"off\""}},
		{"problems": ["Silent"], "for": "2h"}
	]}`))
	if err != nil {
		t.Fatal(err)
	}
	workers := panels.Hosts{Roles: []string{"worker", "db"}, Except: []string{"worker-01"}}
	limits := func(warn, critical, end, usual float64) *panels.Limits {
		return &panels.Limits{Thresholds: panels.Thresholds{Warn: warn, Critical: critical}, Clear: end, Usual: usual}
	}
	var all []string
	for _, p := range panels.AllRules() {
		all = append(all, p.Name)
	}
	want := panels.RuleChanges{Overrides: []panels.Override{
		{Problems: []string{"CPU"}, Hosts: workers, Limits: limits(95, 97, 70, 80), For: 30 * time.Minute},
		{Problems: []string{"Memory"}, Hosts: workers, Limits: limits(95, 97, 85, 88), For: 30 * time.Minute},
		{
			Problems: []string{"Disk full soon"}, Limits: limits(168*3600, 48*3600, 200*3600, 0),
			Hosts: panels.Hosts{Names: []string{"db-*"}, Tags: map[string][]string{"team": {"core"}}},
		},
		{
			Problems: all, Hosts: panels.Hosts{Envs: []string{"dev"}}, Reason: `it's "off"`,
			MuteUntil: time.Date(2026, 12, 24, 8, 0, 0, 0, time.UTC),
		},
		{Problems: []string{"Silent"}, For: 2 * time.Hour},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	for _, text := range []string{`{}`, ` {"overrides": []} `} {
		if got, err := alerts.ParseRules([]byte(text)); err != nil || len(got.Overrides) > 0 {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

// Each line of the error says where a mistake is and what would be right, and all mistakes are said at once.
func TestRefusesRules(t *testing.T) {
	for text, want := range map[string][]string{
		"":                       {`line 1: not JSON: unexpected EOF; it is a text such as {"overrides": []}`},
		"{\n\"overrides\": [,]}": {`line 2: not JSON: invalid character ',' looking for beginning of value; it is a text such as {"overrides": []}`},
		`{} {}`:                  {`line 1: not JSON: there is something after its end; it is a text such as {"overrides": []}`},
		`[]`:                     {`a list is not an object; use {…}`},
		`{"override": []}`:       {`override: there is no such key; use one of overrides`},
		`{"a%d": []}`:            {`a%d: there is no such key; use one of overrides`},
		`{"overrides": {}}`:      {`overrides: an object is not a list; use […]`},
		`{"overrides": [7, {"problems": ["cpu", "CPU", "CPU"], "Warn": 3, "warn": "95"}]}`: {
			`overrides[0]: 7 is not an object; use {…}`,
			`overrides[1].Warn: there is no such key; use one of problems, hosts, for, mute, warn, critical, clear, usual`,
			`overrides[1].problems[0]: there is no problem "cpu"; use one of CPU, Memory, Disk busy, Stolen CPU, Pressure, Disk full, Inodes used up, Network errors, Disk full soon, Silent, Host name of several machines`,
			`overrides[1].problems[2]: "CPU" is named twice`,
			`overrides[1].warn: "95" is not a percentage; use a number above 0 and up to 100, without quotes`,
		},
		`{"overrides": [{"hosts": {"env": "dev"}}, {"warn": 1}, {"problems": ["Silent"], "warn": 1}, {"problems": ["Pressure"], "usual": 50}]}`: {
			`overrides[0].hosts.env: "dev" is not a list of texts; use for example ["a", "b"]`,
			`overrides[0]: changes nothing; give warn, critical, clear, usual, for or mute`,
			`overrides[1]: does not say which rules it changes; add for example "problems": ["CPU"]`,
			`overrides[2]: "Silent" has no thresholds; leave out warn, critical, clear, usual`,
			`overrides[3].usual: "Pressure" does not know what is usual; leave it out`,
		},
		`{"overrides": [{"problems": ["CPU"], "warn": 60}, {"problems": ["Disk full soon"], "warn": "100h"}, {"problems": ["Disk full soon"], "warn": 3}]}`: {
			`overrides[0]: CPU would begin at 60 %, be critical at 97 % and end below 70 %; want clear < warn <= critical, give all three`,
			`overrides[1]: Disk full soon would begin at less than 100h, be critical at less than 24h and end at more than 96h; want critical <= warn < clear, give all three`,
			`overrides[2].warn: 3 is not a duration above 0; use for example "72h"`,
		},
		`{"overrides": [{"problems": ["CPU", "Silent", "Disk full soon"], "for": "90m"}, {"problems": ["CPU"], "for": 5}, {"problems": ["CPU"], "for": "90s"}]}`: {
			`overrides[0].for: "90m" is not whole minutes from 5m to 1h; use for example "15m"`,
			`overrides[0].for: the time of "Disk full soon" cannot be changed; leave it out`,
			`overrides[1].for: 5 is not whole minutes from 5m to 1h; use for example "15m"`,
			`overrides[2].for: "90s" is not whole minutes from 5m to 1h; use for example "15m"`,
		},
		`{"overrides": [{"mute": {}}, {"mute": {"until": "tomorrow", "reason": ""}}, {"mute": {"until": "2026-12-24T00:00:00Z", "reason": "a\u0000"}}, {"mute": 1}]}`: {
			`overrides[0].mute: lacks until, the time when it ends; use for example "2026-12-24T08:00:00Z"`,
			`overrides[0].mute: lacks reason; say why, so that others know`,
			`overrides[1].mute.until: "tomorrow" is not a time with a zone; use for example "2026-12-24T08:00:00Z"`,
			`overrides[1].mute.reason: "" is not a text of 1 to 255 bytes without control characters`,
			`overrides[2].mute.reason: "a\x00" is not a text of 1 to 255 bytes without control characters`,
			`overrides[3].mute: 1 is not an object; use {…}`,
		},
		`{"overrides": [{"problems": ["CPU"], "hosts": {"hosts": [], "tags": {}, "except": [1], "role": []}, "warn": 95, "warn": 96}]}`: {
			`overrides[0].warn: is given twice; leave out one of them`,
			`overrides[0].hosts.hosts: there is no such key; use one of host, env, role, tags, except`,
			`overrides[0].hosts.except[0]: 1 is not a text of 1 to 255 bytes without control characters`,
			`overrides[0].hosts.role: a list is not a list of texts; use for example ["a", "b"]`,
			`overrides[0].hosts.tags: names no tag; use for example {"team": ["core"]}`,
		},
		strings.Repeat(" ", alerts.MaxRules) + "{}": {`the document has 4098 bytes; a standard parameter of SSM holds 4096`},
	} {
		_, err := alerts.ParseRules([]byte(text))
		if err == nil {
			t.Errorf("%.80s: no error", text)
			continue
		}
		got := map[string]bool{}
		for _, line := range strings.Split(err.Error(), "\n") {
			got[line] = true
		}
		for _, line := range want {
			line = record.ParameterRules + ": " + line
			if !got[line] {
				t.Errorf("%.80s: no line %s\ngot %v", text, line, err)
			}
			delete(got, line)
		}
		for line := range got {
			t.Errorf("%.80s: unexpected line %s", text, line)
		}
	}
}

// A mistake in what several problems share is said once, and all mistakes always in the same order.
func TestMistakesOnceInOneOrder(t *testing.T) {
	document := []byte(`{"overrides": [{"problems": ["CPU", "Memory"], "warn": "95", "critical": "97", "clear": 0,
		"hosts": {"host": [1], "env": [2], "role": [3], "except": [4], "tags": {"team": [5], "rack": [6]}}}]}`)
	const text, percentage = "is not a text of 1 to 255 bytes without control characters", "is not a percentage; use a number above 0 and up to 100, without quotes"
	want := ""
	for i, line := range []string{
		"hosts.host[0]: 1 " + text, "hosts.env[0]: 2 " + text, "hosts.role[0]: 3 " + text, "hosts.except[0]: 4 " + text,
		"hosts.tags.rack[0]: 6 " + text, "hosts.tags.team[0]: 5 " + text,
		`warn: "95" ` + percentage, `critical: "97" ` + percentage, "clear: 0 " + percentage,
	} {
		if i > 0 {
			want += "\n"
		}
		want += record.ParameterRules + ": overrides[0]." + line
	}
	for range 20 { // the order of a map differs from run to run
		if _, err := alerts.ParseRules(document); err == nil || err.Error() != want {
			t.Fatalf("got  %v\nwant %s", err, want)
		}
	}
}

func TestContradictions(t *testing.T) {
	for name, c := range map[string]struct {
		a, b string // hosts
		ok   bool
	}{
		"all and some":              {`{}`, `{"env": ["dev"]}`, false},
		"two environments":          {`{"env": ["prod"]}`, `{"env": ["dev", "staging"]}`, true},
		"an environment in both":    {`{"env": ["prod", "dev"]}`, `{"env": ["dev"]}`, false},
		"environment and role":      {`{"env": ["prod"]}`, `{"role": ["db"]}`, false},
		"two roles":                 {`{"role": ["web"]}`, `{"role": ["db"]}`, true},
		"two values of a tag":       {`{"tags": {"team": ["core"]}}`, `{"tags": {"team": ["data"]}}`, true},
		"two tags":                  {`{"tags": {"team": ["core"]}}`, `{"tags": {"rack": ["1"]}}`, false},
		"two names":                 {`{"host": ["a"]}`, `{"host": ["b"]}`, true},
		"patterns that meet":        {`{"host": ["db-*"]}`, `{"host": ["*-01"]}`, false},
		"patterns that do not meet": {`{"host": ["db-*"]}`, `{"host": ["web-*"]}`, true},
		"stars at both ends":        {`{"host": ["a*b"]}`, `{"host": ["*c"]}`, true},
		"one star inside the other": {`{"host": ["a*c*e"]}`, `{"host": ["abcde"]}`, false},
		"excepted":                  {`{"env": ["prod"], "except": ["db-01"]}`, `{"host": ["db-01"]}`, true},
		"excepted by a pattern":     {`{"except": ["db-*"]}`, `{"host": ["db-1*"]}`, true},
		"only partly excepted":      {`{"except": ["db-1*"]}`, `{"host": ["db-*"]}`, false},
		"one of two excepted":       {`{"except": ["db-1"]}`, `{"host": ["db-1", "db-2"]}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, hosts := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
				document := func(a, b string) string {
					return `{"overrides": [{"problems": ["CPU"], "hosts": ` + hosts[0] + `, ` + a + `}, {"problems": ["Memory", "CPU"], "hosts": ` + hosts[1] + `, ` + b + `}]}`
				}
				_, err := alerts.ParseRules([]byte(document(`"warn": 95`, `"warn": 96`)))
				want := `overrides[1]: gives hosts other thresholds of "CPU" than overrides[0] gives them; let their hosts differ, for example by "except"`
				if (err == nil) != c.ok || err != nil && err.Error() != record.ParameterRules+": "+want {
					t.Errorf("%v: %v", hosts, err)
				}
				if _, err := alerts.ParseRules([]byte(document(`"for": "10m"`, `"for": "20m"`))); (err == nil) != c.ok {
					t.Errorf("%v: %v", hosts, err)
				}
				for _, both := range []string{`"warn": 95`, `"for": "20m"`} {
					if _, err := alerts.ParseRules([]byte(document(both, both))); err != nil {
						t.Errorf("%v, the same twice: %v", hosts, err)
					}
				}
				if _, err := alerts.ParseRules([]byte(document(`"warn": 95`, `"for": "20m"`))); err != nil {
					t.Errorf("%v, a threshold and a time: %v", hosts, err)
				}
			}
		})
	}
}

// What a document changes is what the engine computes, for the chosen hosts only.
func TestRulesDecide(t *testing.T) {
	high := func(cpu float64, from time.Duration) func(*record.Sample, time.Duration) {
		return func(s *record.Sample, ago time.Duration) {
			if ago <= from {
				s.CPUPct = record.Some(cpu)
			}
		}
	}
	var samples [][]record.Sample
	for host, set := range map[string]func(*record.Sample, time.Duration){
		"db_1": high(93, 30*time.Minute), "db-1": high(93, 30*time.Minute), `a\b`: high(93, 30*time.Minute), "five minutes": high(93, 5*time.Minute),
		"at 66 %": high(66, 45*time.Minute), "filling": func(s *record.Sample, ago time.Duration) { s.DiskUsedPct = record.Some(80 - .2*ago.Hours()) },
	} {
		samples = append(samples, course(host, 13*time.Hour, 0, set))
	}
	const day = 24 * time.Hour
	samples = append(samples, course("routine", day+30*time.Minute, day, high(100, 2*day)), course("routine", 13*time.Hour, 0, high(100, 30*time.Minute)))
	l := lakeOf(t, samples...)
	until := now.Add(time.Hour).Format(time.RFC3339)
	for name, c := range map[string]struct {
		document string
		host     string
		want     string // name and severity of the problem
	}{
		"no override":                {`{}`, "db_1", "CPU warning"},
		"a higher threshold":         {`{"overrides": [{"problems": ["CPU"], "warn": 95}]}`, "db_1", ""},
		"a lower one":                {`{"overrides": [{"problems": ["CPU"], "warn": 60, "critical": 65, "clear": 50}]}`, "at 66 %", "CPU critical"},
		"of another problem":         {`{"overrides": [{"problems": ["Memory"], "warn": 95}]}`, "db_1", "CPU warning"},
		"for longer":                 {`{"overrides": [{"problems": ["CPU"], "for": "40m"}]}`, "db_1", ""},
		"long enough":                {`{"overrides": [{"problems": ["CPU"], "for": "30m"}]}`, "db_1", "CPU warning"},
		"for shorter":                {`{"overrides": [{"problems": ["CPU"], "for": "5m"}]}`, "five minutes", "CPU warning"},
		"of this environment":        {`{"overrides": [{"problems": ["CPU"], "hosts": {"env": ["dev", "prod"]}, "warn": 95}]}`, "db_1", ""},
		"of another environment":     {`{"overrides": [{"problems": ["CPU"], "hosts": {"env": ["dev"]}, "warn": 95}]}`, "db_1", "CPU warning"},
		"of this role":               {`{"overrides": [{"problems": ["CPU"], "hosts": {"role": ["db"]}, "warn": 95}]}`, "db_1", ""},
		"of this tag":                {`{"overrides": [{"problems": ["CPU"], "hosts": {"tags": {"team": ["core"]}}, "warn": 95}]}`, "db_1", ""},
		"of another value":           {`{"overrides": [{"problems": ["CPU"], "hosts": {"tags": {"team": ["data"]}}, "warn": 95}]}`, "db_1", "CPU warning"},
		"of another tag":             {`{"overrides": [{"problems": ["CPU"], "hosts": {"tags": {"rack": ["core"]}}, "warn": 95}]}`, "db_1", "CPU warning"},
		"of this name":               {`{"overrides": [{"problems": ["CPU"], "hosts": {"host": ["d*_1"]}, "warn": 95}]}`, "db_1", ""},
		"an underscore is a letter":  {`{"overrides": [{"problems": ["CPU"], "hosts": {"host": ["db_1"]}, "warn": 95}]}`, "db-1", "CPU warning"},
		"a per cent sign is one":     {`{"overrides": [{"problems": ["CPU"], "hosts": {"host": ["%"]}, "warn": 95}]}`, "db_1", "CPU warning"},
		"a backslash is one":         {`{"overrides": [{"problems": ["CPU"], "hosts": {"host": ["a\\*"]}, "warn": 95}]}`, `a\b`, ""},
		"a quote is one":             {`{"overrides": [{"problems": ["CPU"], "hosts": {"host": ["a' OR true --"]}, "warn": 95}]}`, "db_1", "CPU warning"},
		"excepted":                   {`{"overrides": [{"problems": ["CPU"], "hosts": {"except": ["db*"]}, "warn": 95}]}`, "db_1", "CPU warning"},
		"not excepted":               {`{"overrides": [{"problems": ["CPU"], "hosts": {"except": ["web*"]}, "warn": 95}]}`, "db_1", ""},
		"muted":                      {`{"overrides": [{"problems": ["CPU"], "mute": {"until": "` + until + `", "reason": "it's known"}}]}`, "db_1", "CPU warning, muted: it's known"},
		"muted, everything":          {`{"overrides": [{"hosts": {"role": ["db"]}, "mute": {"until": "` + until + `", "reason": "moved"}}]}`, "db_1", "CPU warning, muted: moved"},
		"muted until a while ago":    {`{"overrides": [{"mute": {"until": "2026-02-10T11:59:00Z", "reason": "moved"}}]}`, "db_1", "CPU warning"},
		"other problem muted":        {`{"overrides": [{"problems": ["Memory"], "mute": {"until": "` + until + `", "reason": "moved"}}]}`, "db_1", "CPU warning"},
		"disk full in a week":        {`{"overrides": [{"problems": ["Disk full soon"], "warn": "168h", "critical": "24h", "clear": "200h"}]}`, "filling", "Disk full soon warning"},
		"as on the day before":       {`{}`, "routine", "CPU critical, routine"},
		"as usual":                   {`{"overrides": [{"problems": ["CPU"], "usual": 99}]}`, "routine", "CPU critical, routine"},
		"never usual":                {`{"overrides": [{"problems": ["CPU"], "usual": 100}]}`, "routine", "CPU critical"},
		"disk not full in days":      {`{}`, "filling", ""},
		"two overrides of one group": {`{"overrides": [{"problems": ["CPU"], "warn": 60, "clear": 50}, {"problems": ["CPU"], "for": "40m"}]}`, "at 66 %", "CPU warning"},
	} {
		t.Run(name, func(t *testing.T) {
			rules, err := alerts.ParseRules([]byte(c.document))
			if err != nil {
				t.Fatal(err)
			}
			problems, _ := standing(t, l, rules)
			got := ""
			for _, p := range problems {
				if p.Host != c.host {
					continue
				}
				got += p.Name + " " + p.Severity.String()
				if p.Muted {
					got += ", muted: " + p.MuteReason
				}
				if p.Routine {
					got += ", routine"
				}
			}
			if got != c.want {
				t.Errorf("problems %q, want %q", got, c.want)
			}
		})
	}
}

// A host is silent only after the time that an override gives it. Before that, nothing is known about its other problems.
func TestSilentFor(t *testing.T) {
	rules, err := alerts.ParseRules([]byte(`{"overrides": [{"problems": ["Silent"], "hosts": {"host": ["laptop"]}, "for": "2h"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	l := lakeOf(t, course("laptop", 4*time.Hour, time.Hour, busy(4*time.Hour, 0)), course("server", 4*time.Hour, time.Hour, busy(0, 0)),
		course("running", 4*time.Hour, 0, busy(4*time.Hour, 0)))
	got, err := alerts.Ask(t.Context(), l, rules, now, 2*time.Minute, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, p := range got.Problems {
		found[p.Host] += p.Name
	}
	if fmt.Sprint(found) != "map[running:CPU server:Silent]" || !got.Quiet["laptop"] || !got.Quiet["server"] || got.Quiet["running"] || len(got.Heard) != 3 {
		t.Errorf("problems %+v, heard %v, quiet %v", got.Problems, got.Heard, got.Quiet)
	}
}

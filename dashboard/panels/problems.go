package panels

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"time"
)

// Rule says which value of a host should stay below a threshold. The page lists the problems of the hosts by these rules. Alerts
// use the same rules and the same SQL (see problems in sql/shared). An operator can change them: see [RuleChanges].
//
// A problem begins if, for the time For, the value's mean in each minute is Warn or more, and at least half of the expected
// samples are there. It ends when the mean over five minutes is below Clear. So one sample is not a problem, and a value that
// swings about the threshold is one problem, not many.
type Rule struct {
	Name string
	// Column is the value: a column of the samples, see [statement.samples]. It is empty if the rule is not about a value of each
	// minute.
	Column string
	Unit   Unit
	Limits
	// For is how long the value has to be high before the problem begins, in whole minutes.
	For time.Duration
	// Culprit is the SQL that says what the problem comes from, over the columns of the culprits and what is known of a host (see
	// sql/shared). It is empty if that is not known.
	Culprit string
	// Sentence tells people when the problem begins.
	Sentence string
	// CriticalReported says that a critical problem is never routine, so alerts report it.
	CriticalReported bool
}

// Limits are the thresholds of a rule.
type Limits struct {
	// Warn is the value at which the problem begins. At Critical it needs attention at once.
	Thresholds
	// Clear is the value below which the problem ends.
	Clear float64
	// Usual is 0, or the value from which on a host is busy. A problem is routine, and not reported, if the host was busy for a quarter
	// of an hour at the same time of day, give or take an hour, on one of the [usualDays] before. A problem that lasts longer than
	// [routineS] is not routine. At [neverUsual] no host counts as busy.
	Usual float64
}

// neverUsual is the value of Usual from which on no problem is routine: not even that of a host whose CPUs were all busy on the days before.
const neverUsual = 100

// minuteRules are the rules about values of each minute. Callers must not change them.
var minuteRules = sync.OnceValue(func() []Rule {
	all := []Rule{
		{
			Name: "CPU", Column: "cpu_pct", Unit: Percent, Limits: Limits{loaded, 70, 80}, For: 10 * time.Minute, Culprit: "cpu_process",
			Sentence: "The CPU is busy {warn} of the time or more, for {for}. It is not reported, for up to {routine}, if the CPU was at " +
				"{usual} or more for a quarter of an hour, at that time of day (give or take an hour), 1, 2, 3 or 7 days before.",
		},
		{
			Name: "Memory", Column: "ram_pct", Unit: Percent, Limits: Limits{loaded, 85, 88}, Culprit: "memory_process", CriticalReported: true,
			Sentence: "{warn} of the memory or more is in use, for {for}. It is not reported, for up to {routine}, if the memory was at " +
				"{usual} or more for a quarter of an hour, at that time of day (give or take an hour), 1, 2, 3 or 7 days before. At {critical} it is " +
				"reported in any case.",
		},
		{
			// A disk that is busy while no task waits for it is a backup or a batch job.
			Name: "Disk busy", Column: "disk_awaited_pct", Unit: Percent, Limits: Limits{loaded, 70, 0}, Culprit: "device",
			Sentence: "The busiest disk works {warn} of the time or more, while tasks wait for it, for {for}.",
		},
		{
			Name: "Stolen CPU", Column: "cpu_steal_pct", Unit: Percent, Limits: Limits{stolen, 5, 0}, Culprit: LiteralOf(stealers),
			Sentence: "The hypervisor takes {warn} of the CPU time or more, for {for}.",
		},
		{
			Name: "Pressure", Column: "pressure", Unit: Percent, Limits: Limits{pressed, 25, 0}, Culprit: pressedBy,
			Sentence: "Tasks wait for CPU, memory or I/O {warn} of the time or more, for {for}.",
		},
		{
			Name: "Disk full", Column: "disk_used_pct", Unit: Percent, Limits: Limits{filled, 88, 0}, Culprit: "mount",
			Sentence: "{warn} or more of the fullest filesystem is in use, for {for}.",
		},
		{
			Name: "Inodes used up", Column: "inodes_used_pct", Unit: Percent, Limits: Limits{filled, 88, 0}, Culprit: "inodes_mount",
			Sentence: "{warn} or more of the inodes of a filesystem are in use, for {for}.",
		},
		{
			Name: "Network errors", Column: "errors", Unit: PerSecond, Limits: Limits{erroneous, .5, 0}, Culprit: "interface",
			Sentence: "{warn} packet a second or more is lost or damaged, for {for}.",
		},
	}
	for i := range all {
		rule := &all[i]
		rule.For = cmp.Or(rule.For, problemWindowS*time.Second)
		percent := func(v float64) string {
			if rule.Unit == Percent {
				return number(v) + " %"
			}
			return number(v)
		}
		rule.Sentence = strings.NewReplacer("{warn}", percent(rule.Warn), "{critical}", percent(rule.Critical), "{usual}", percent(rule.Usual),
			"{for}", strconv.Itoa(int(rule.For.Minutes()))+" minutes", "{routine}", strconv.Itoa(routineS/hourSeconds)+" hours").Replace(rule.Sentence)
	}
	return all
})

const (
	// stealers are what a problem of stolen CPU comes from. No process of the machine is to blame.
	stealers = "the hypervisor (other virtual machines, or a CPU quota)"
	// pressedBy is the SQL of what pressure comes from: the process that uses most of what tasks wait for.
	pressedBy = "coalesce(CASE waits WHEN 'CPU' THEN cpu_process WHEN 'memory' THEN memory_process ELSE io_process END || ' (' || waits || ' pressure)', " +
		"waits || ' pressure')"
)

// forecast is the rule about filesystems that will be full: a straight line through the means of up to twelve hours says when. The
// problem begins if that is in less than Warn seconds and the points are close to the line. It ends if that is in more than Clear
// seconds, or if the points are far from the line.
var forecast = Rule{
	Name: DiskFullSoon, Unit: Duration, Limits: Limits{Thresholds: Thresholds{Warn: 3 * daySeconds, Critical: daySeconds}, Clear: 4 * daySeconds},
	Culprit: "mount", Sentence: "The fullest filesystem has filled evenly for six to twelve hours, and at that pace it is full in less than 72 hours.",
}

// Names of the problems that are not about a value of each minute.
const (
	DiskFullSoon = "Disk full soon"
	// Silent is a host that sends nothing: its newest sample is older than three of its intervals plus the time that samples take to
	// arrive.
	Silent = "Silent"
	// SharedName is several machines that send under one host name. It begins if, at each minute of ten minutes, the five minutes
	// before it have samples of more than one machine. The pages cannot tell their samples apart. A new machine that took over the name is
	// not a problem.
	SharedName = "Host name of several machines"
)

// AllRules are all rules, without what an operator changed.
func AllRules() []Rule {
	return append(slices.Clone(minuteRules()), forecast,
		Rule{Name: Silent, Unit: Duration, Sentence: "The newest sample is older than three of the host's intervals plus the time that samples take to arrive."},
		Rule{Name: SharedName, Unit: Count, For: sharedFor, Sentence: "Several machines send samples under one host name, for 10 minutes."})
}

// sharedFor is how long several machines have to send under one name. If a new machine takes over a name, the window of five minutes has
// samples of both for five minutes only.
const sharedFor = 10 * time.Minute

// HasThresholds says whether the rule has [Limits] to compare a value with.
func (r Rule) HasThresholds() bool { return r.Warn > 0 }

// Falls says that lower values are worse: the time until a disk is full.
func (r Rule) Falls() bool { return r.Critical < r.Warn }

const (
	// problemWindowS is the time over which the mean says that a problem ended, in seconds. Each of its steps is a minute.
	problemWindowS = 5 * minuteSeconds
	// Culprits are searched in the last blameWindowS seconds before the newest sample that can have arrived.
	blameWindowS = quarterHourSeconds
	// standingS is how far back the values of each minute are read, in seconds, if a query need not know the begin of a problem that is
	// older.
	standingS = 2 * hourSeconds
	// forecastS is how far back disks are read for the forecast: the twelve hours of the line, which begin at a whole hour.
	forecastS = 13 * hourSeconds
	// routineS is how long a routine problem lasts at most, in seconds. Whatever lasts longer would be compared with itself the day before.
	routineS = 20 * hourSeconds
	// usualStepS is the width of the buckets whose means say whether a host was busy, in seconds, and usualNeighbours how many of them
	// before and after a time of day count as the same time of day.
	usualStepS      = quarterHourSeconds
	usualNeighbours = 4
)

// usualDays are the distances, in days, to the earlier days that say what is usual for a host. At least one of the first three days is a
// working day, also if the problem is on a Sunday or a Monday. A week before is the same weekday.
var usualDays = []int{1, 2, 3, 7}

// usualSpan returns a time range that lies days before r. Its samples say how busy a host usually is at the times of day of r. It contains
// all buckets that count as the same time of day. It begins one bucket earlier than these, because samples arrive late: the newest value
// may be of a bucket before the end of r.
func usualSpan(r Range, days int) Range {
	const before, after = (usualNeighbours + 2) * usualStepS * time.Second, (usualNeighbours + 1) * usualStepS * time.Second
	back := -time.Duration(days) * 24 * time.Hour
	return Range{From: r.From.Add(back - before), To: r.To.Add(back + after)}
}

// problemFunctions are what the queries about problems can call.
func (s statement) problemFunctions() template.FuncMap {
	var columns, usual, criticalReported []string
	known := []string{"last_ts", "interval_s", "node_role", "env", "machine_id", "mount", "device", "waits", "shared_by"}
	var usualRules []Rule
	value := "CASE problem"
	for _, rule := range minuteRules() {
		value += " WHEN " + LiteralOf(rule.Name) + " THEN " + rule.Column
		columns = append(columns, rule.Column)
		if rule.Usual > 0 {
			usual, usualRules = append(usual, rule.Column), append(usualRules, rule)
			if rule.CriticalReported {
				criticalReported = append(criticalReported, LiteralOf(rule.Name))
			}
		}
	}
	return template.FuncMap{
		// All rules, those about values of each minute, those that know routine, and the columns of the values.
		"all_rules": AllRules, "minute_rules": minuteRules, "usual_rules": func() []Rule { return usualRules },
		"problem_columns": func() []string { return columns }, "usual_columns": func() []string { return usual },
		"forecast_name": constant(DiskFullSoon), "forecast_clear": func() string { return double(s.rules.latestClear()) }, "silent_name": constant(Silent), "shared_name": constant(SharedName),
		// The rules as rows, the overrides, and how long values have to be high: see [RuleChanges].
		"rules": ruleRows, "overrides": func() []Override { return s.rules.Overrides }, "overrides_by_tag": s.rules.byTag, "lengths": s.rules.lengths,
		// Columns of the rules with their overrides, for the rows of a relation with_overrides.
		"effective": func(column string) string { return s.rules.effective(column, s.to) },
		"effective_columns": func(columns ...string) string {
			return each(columns, func(column string) string { return s.rules.effective(column, s.to) })
		},
		"with_overrides": s.rules.chosen,
		// The columns of what is known of a host, after other columns; and the same of several rows about the host.
		"known":         constant(", " + strings.Join(known, ", ")),
		"known_of_rows": constant(", " + each(known, func(column string) string { return "max(" + column + ")" })),
		// The columns of pressures, and what tasks of a host wait for most, over means of minutes.
		"pressure_columns": pressureColumns,
		"waits":            constant(byHighestPressure(average, func(p pressure) string { return LiteralOf(p.of) })),
		// The value that a rule about values of each minute is about.
		"value_of_problem": constant(value + " END"),
		"keeps":            func() bool { return s.keeps },
		// The columns of a suspect that the values of its minutes have: see the shared template "problem_minutes".
		"of_suspect": func(all bool) string {
			columns := []string{"clear", "for_s"}
			if !s.keeps {
				columns = append(columns, "unit", "warn", "critical", "usual")
				if !all {
					columns = slices.Concat(columns, []string{"muted_until", "mute_reason"}, known)
				}
			}
			return each(columns, func(column string) string { return "max(s." + column + ")" })
		},
		"tags_of_overrides": func() []string {
			if s.rules.byTag() {
				return []string{"tags"}
			}
			return nil
		},
		"problem_window": constant(strconv.Itoa(problemWindowS)), "routine": constant(strconv.Itoa(routineS)),
		"critical_reported": constant(strings.Join(criticalReported, ", ")),
		"usual_step":        constant(strconv.Itoa(usualStepS)), "usual_first": constant(strconv.Itoa(-usualNeighbours)), "usual_last": constant(strconv.Itoa(usualNeighbours)),
		"standing_s": func() int { return standingS },
		// The samples of so many seconds at the end of the range, or of the whole range if that is 0; and the begin of that time.
		"newest": func(seconds int, columns ...any) (string, error) {
			only, err := s.only(time.Duration(seconds) * time.Second)
			if err != nil {
				return "", err
			}
			return only.samples(columns...)
		},
		"begin_of": func(seconds int) string {
			if seconds == 0 {
				return s.from
			}
			return s.to + " - " + strconv.Itoa(seconds)
		},
		// What a shared template makes of the same time of day of the days before, each day by itself.
		"days_before": s.daysBefore,
	}
}

// only restricts the statement to the last part of the range; 0 leaves it.
func (s statement) only(last time.Duration) (_ statement, err error) {
	if last > 0 {
		s.scan, err = s.newest(last)
	}
	return s, err
}

// ofSuspects restricts the statement to hosts that may have a problem. If problems are given (names as SQL literals), it must be one of
// these.
func (s statement) ofSuspects(problems ...string) statement {
	if len(problems) == 0 {
		return s.ofHosts("suspects")
	}
	return s.ofHosts("suspects WHERE problem IN (" + strings.Join(problems, ", ") + ")")
}

// ofHosts restricts the statement to the hosts of a relation. For an engine that would read samples again to know these hosts, it does
// nothing.
func (s statement) ofHosts(relation string) statement {
	if s.keeps {
		s.among = dimensions["host"].value() + " IN (SELECT host FROM " + relation + ")"
	}
	return s
}

// daysBefore is the relation of what a shared template makes of each of the [usualDays]. If all is true, it reads the times of the whole
// range on these days, otherwise only the time of the end of the range. The template gets the number of days.
func (s statement) daysBefore(all bool, name string) (string, error) {
	var reads, usual []string
	for _, rule := range minuteRules() {
		if rule.Usual > 0 {
			usual = append(usual, LiteralOf(rule.Name))
		}
	}
	for _, days := range usualDays {
		day, err := s, error(nil)
		if day.scan, err = s.before(days, all); err != nil {
			return "", err
		}
		text, err := day.ofSuspects(usual...).execute(name, days)
		if err != nil {
			return "", err
		}
		reads = append(reads, text)
	}
	return "(\n    " + strings.Join(reads, "\n    UNION ALL\n    ") + "\n  )", nil
}

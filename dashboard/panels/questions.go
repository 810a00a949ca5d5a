package panels

import "strings"

// Questions are panels that no page shows. In Athena's console or in the terminal, they show faults of the delivery itself and the
// problems of hosts.
func Questions() []Panel {
	return withQueries([]Panel{
		{
			ID: "delivery-gaps", Title: "Samples and gaps", Kind: Table, Needs: EachSample, By: ByHost,
			Question: "How many samples did each host deliver in each hour, how many were expected, and how long was its longest gap?",
			Values: []Value{
				{Column: "t", Label: "Hour", Unit: Time},
				{Column: "samples", Label: "Samples", Unit: Count},
				{Column: "expected", Label: "Expected", Unit: Count},
				{Column: "gaps", Label: "Gaps", Unit: Count},
				{Column: "longest_gap", Label: "Longest gap", Unit: Duration},
			},
		},
		{
			ID: ProblemsNow, Title: "Problems now", Kind: Table, By: ByHost,
			Question: "Which hosts report, which problems do they have, and which of these are routine or muted?",
			MinSpanS: forecastS, MaxSpanS: forecastS,
			Values: []Value{
				{Column: "last_ts", Label: "Last seen", Unit: Time},
				{Column: "problem", Label: "Problem", Unit: Text},
				{Column: "culprit", Label: "Cause", Unit: Text},
				{Column: "value", Label: "Now", Unit: OfRow, UnitColumn: "unit"},
				{Column: "threshold", Label: "Threshold", Unit: OfRow, UnitColumn: "unit"},
				{Column: "since", Label: "Since", Unit: Time},
				{Column: "severity", Label: "Severity", Unit: Count},
				{Column: "muted_until", Label: "Muted until", Unit: Time},
				{Column: "mute_reason", Label: "Reason", Unit: Text},
			},
		},
		{
			ID: "problems-history", Title: "Problems over time", Kind: Table, Needs: MinuteRows, By: ByHost,
			Question: "Which problems did each host have, from when to when?",
			Empty:    "No host had a problem",
			Values: []Value{
				{Column: "problem", Label: "Problem", Unit: Text},
				{Column: "since", Label: "Begin", Unit: Time},
				{Column: "until", Label: "End", Unit: Time},
				{Column: "length_s", Label: "Length", Unit: Duration},
				{Column: "worst", Label: "Severity", Unit: Count},
				{Column: "reported", Label: "Reported", Unit: Time},
			},
		},
		{
			ID: "delivery-duplicates", Title: "Duplicates", Kind: Table, Needs: EachSample, By: ByHost,
			Question: "Which hosts have samples that were delivered more than once, and how many rows are copies?",
			Empty:    "Every sample is there once",
			Values: []Value{
				{Column: "repeated", Label: "Repeated samples", Unit: Count},
				{Column: "extra_rows", Label: "Rows too many", Unit: Count},
			},
		},
	})
}

// ProblemsNow is the id of the panel that each run of the alerts asks. It reads as little as the rules need.
const ProblemsNow = "problems-now"

// Readings is a panel with one row for each sample and these columns of it, for tools that aggregate by themselves.
func Readings(columns ...string) Panel {
	return Panel{
		ID: "readings-all", Title: "Readings", Kind: Table, Needs: EachSample,
		Question: "What are the values of each sample?",
		SQL:      "SELECT " + strings.Join(columns, ", ") + "\nFROM {{samples \"" + strings.Join(columns, `" "`) + `"}}`,
	}
}

// Choices is a panel that lists the hosts, environments or roles of the newest day of the range, each once. A day is enough to know them, and
// is read cheaply.
func Choices(by Dimension) Panel {
	return Panel{
		ID: "choices-" + string(by), Kind: Table, By: by, MinSpanS: daySeconds, MaxSpanS: daySeconds,
		SQL: "SELECT DISTINCT " + string(by) + "\nFROM {{samples \"" + string(by) + "\"}}\nORDER BY 1",
	}
}

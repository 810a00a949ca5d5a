package panels

import "strings"

// Questions are panels of no page: what is asked when something about the delivery itself looks wrong, in Athena's console
// or in the terminal.
func Questions() []Panel {
	return []Panel{
		{
			ID: "delivery-gaps", Title: "Samples and gaps", Kind: Table, By: ByHost,
			Question: "How many samples did each host deliver in each hour, how many can there be, and how long was its longest gap?",
			SQL:      gapsSQL,
			Values: []Value{
				{Column: "t", Label: "Hour", Unit: Time},
				{Column: "samples", Label: "Samples", Unit: Count},
				{Column: "expected", Label: "Expected", Unit: Count},
				{Column: "gaps", Label: "Gaps", Unit: Count},
				{Column: "longest_gap", Label: "Longest gap", Unit: Duration},
			},
		},
		{
			ID: "delivery-duplicates", Title: "Duplicates", Kind: Table, By: ByHost,
			Question: "Which hosts' samples were delivered more than once, how many, and how many rows are there too many?",
			Empty:    "Every sample is there once",
			SQL:      duplicatesSQL,
			Values: []Value{
				{Column: "repeated", Label: "Repeated samples", Unit: Count},
				{Column: "extra_rows", Label: "Rows too many", Unit: Count},
			},
		},
	}
}

// gapsSQL calls it a gap where a sample is more than two intervals after the one before it, in whichever session.
var gapsSQL = `WITH taken AS (
  SELECT DISTINCT ` + hostName + ` AS host, session_id, seq, ts, interval_s
  FROM samples
  WHERE ` + inRange + `
), spaced AS (
  SELECT host, floor(ts / 3600) * 3600 AS t, interval_s, ts - lag(ts) OVER (PARTITION BY host ORDER BY ts) AS gap
  FROM taken
)
SELECT host, t, count(*) AS samples, floor(3600 / max(interval_s)) AS expected,
  count(CASE WHEN gap > 2 * interval_s THEN 1 END) AS gaps, max(gap) AS longest_gap
FROM spaced
GROUP BY host, t
ORDER BY host, t`

var duplicatesSQL = `WITH copied AS (
  SELECT ` + hostName + ` AS host, session_id, seq, count(*) AS copies
  FROM samples
  WHERE ` + inRange + `
  GROUP BY 1, 2, 3
)
SELECT host, count(*) AS repeated, sum(copies - 1) AS extra_rows
FROM copied
WHERE copies > 1
GROUP BY host
ORDER BY extra_rows DESC, host`

// Readings are columns as they are, a row for each sample, for tools that aggregate by themselves.
func Readings(columns ...string) Panel {
	return Panel{
		ID: "readings-all", Title: "Readings", Kind: Table,
		Question: "What did the machines say?",
		SQL:      "SELECT " + strings.Join(columns, ", ") + "\nFROM samples\nWHERE " + inRange,
	}
}

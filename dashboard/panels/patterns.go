package panels

import "strings"

// patterns answers: at what time of the day and of the week does something happen?
func patterns() Dashboard {
	value := []Value{{Column: "value", Label: "Mean", Unit: OfMetric, High: "high"}}
	return Dashboard{
		ID: "patterns", Title: "Time patterns", Metric: true, SpanS: 7 * daySeconds,
		Question: "At which times of the day and of the week is it high?",
		Panels: []Panel{
			{
				ID: "patterns-week", Title: "By hour and weekday", Kind: HeatMap, By: ByWeekday, Across: ByHour,
				Question: "Which hours of the week stand out?",
				SQL:      weekSQL(chosenMetric()), Values: value,
			},
			{
				ID: "patterns-days", Title: "By hour and day", Kind: HeatMap, By: ByDay, Across: ByHour,
				Question: "On which days was it different?",
				SQL:      rhythmSQL("floor(h / 24) * 86400 AS day, mod(h, 24) AS hour"), Values: value,
			},
			{
				ID: "patterns-hour", Title: "By hour of the day", Kind: Bar, By: ByHour,
				Question: "How does an average day look?",
				SQL:      rhythmSQL("mod(h, 24) AS hour"), Values: value,
			},
			{
				ID: "patterns-weekday", Title: "By weekday", Kind: Bar, By: ByWeekday,
				Question: "How does an average week look?",
				SQL:      rhythmSQL("mod(floor(h / 24) + 3, 7) AS weekday"), Values: value,
			},
			{
				ID: "patterns-trend", Title: "Daily trend", Kind: Bar, By: ByDay,
				Question: "Does it grow from day to day?",
				SQL:      rhythmSQL("floor(h / 24) * 86400 AS day"), Values: value,
			},
			{
				ID: "patterns-peaks", Title: "Peak times", Kind: Table, By: ByTime,
				Question: "Which were the ten highest hours, and on which host was it highest then?",
				SQL:      peaksSQL(),
				Values: []Value{
					{Column: "value", Label: "Mean of hosts", Unit: OfMetric},
					{Column: "high", Label: "Highest host", Unit: OfMetric, Host: "high_host"},
				},
			},
		},
	}
}

// hourly is the mean of a column for each host and hour of the viewer's clock, counted since 1970.
func hourly(column string) string {
	return `WITH hourly AS (
  SELECT ` + hostName + ` AS host, floor((ts + :offset) / 3600) AS h, avg(` + column + `) AS value
  FROM samples
  WHERE ` + inRange + `
  GROUP BY 1, 2
)`
}

// weekSQL averages a column over the hosts by weekday and hour. 1970 began on a Thursday.
func weekSQL(column string) string {
	return hourly(column) + `
SELECT mod(floor(h / 24) + 3, 7) AS weekday, mod(h, 24) AS hour, avg(value) AS value, max(value) AS high
FROM hourly
WHERE value IS NOT NULL
GROUP BY 1, 2
ORDER BY 1, 2`
}

// rhythmSQL averages the chosen metric over the hosts by one or two times. high is the highest hour of a host.
func rhythmSQL(times string) string {
	groups := "1"
	if strings.Contains(times, "AS day, ") {
		groups = "1, 2"
	}
	return hourly(chosenMetric()) + `
SELECT ` + times + `, avg(value) AS value, max(value) AS high
FROM hourly
WHERE value IS NOT NULL
GROUP BY ` + groups + `
ORDER BY ` + groups
}

func peaksSQL() string {
	return hourly(chosenMetric()) + `, fleet AS (
  SELECT h, avg(value) AS value, max(value) AS high, max_by(host, value) AS high_host
  FROM hourly
  WHERE value IS NOT NULL
  GROUP BY h
), ranked AS (
  SELECT h * 3600 - :offset AS t, value, high, high_host, row_number() OVER (ORDER BY value DESC, h) AS place
  FROM fleet
)
SELECT t, value, high, high_host
FROM ranked
WHERE place <= 10
ORDER BY place`
}

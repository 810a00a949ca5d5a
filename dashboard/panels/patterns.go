package panels

// patterns answers: at which times of the day and of the week is a metric high?
func patterns() Dashboard {
	value := []Value{{Column: "value", Label: "Mean", Unit: OfMetric, High: "high"}}
	return Dashboard{
		ID: "patterns", Title: "Time patterns", Metric: true, SpanS: 7 * daySeconds,
		Question: "At which times of the day and of the week is the metric high?",
		Panels: []Panel{
			{
				ID: "patterns-week", Title: "By hour and weekday", Kind: HeatMap, Needs: HourRows, By: ByWeekday, Across: ByHour,
				Question: "Which hours of the week stand out?",
				Values:   value,
			},
			{
				ID: "patterns-days", Title: "By hour and day", Kind: HeatMap, Needs: HourRows, By: ByDay, Across: ByHour,
				Question: "Which days were different?",
				Values:   value,
			},
			{
				ID: "patterns-hour", Title: "By hour of the day", Kind: Bar, Needs: HourRows, By: ByHour,
				Question: "How does an average day look?",
				Values:   value,
			},
			{
				ID: "patterns-weekday", Title: "By weekday", Kind: Bar, Needs: HourRows, By: ByWeekday,
				Question: "How does an average week look?",
				Values:   value,
			},
			{
				ID: "patterns-trend", Title: "Daily trend", Kind: Bar, Needs: HourRows, By: ByDay,
				Question: "Does the metric grow from day to day?",
				Values:   value,
			},
			{
				ID: "patterns-peaks", Title: "Peak times", Kind: Table, Needs: HourRows, By: ByTime,
				Question: "In which ten hours was the metric highest, and on which host?",
				Values: []Value{
					{Column: "value", Label: "Mean of hosts", Unit: OfMetric},
					{Column: "high", Label: "Highest host", Unit: OfMetric, Host: "high_host"},
				},
			},
		},
	}
}

package panels

// marks answers: which events explain what the charts show? The page draws the answers into its charts over time, not as charts
// of their own. It asks for the problems only if the viewer chose a host: spans of many hosts would cover the charts.
func marks() Dashboard {
	return Dashboard{
		ID: "marks", Title: "Marks", Hidden: true, NoPage: true,
		Question: "Which events explain what the charts show?",
		Panels: []Panel{
			{
				ID: "marks-restarts", Title: "Restarts", Kind: Marks, Needs: HourRows, By: ByHost,
				Question: "When did machines start, and when did only the collector start again?",
				Empty:    "Nothing started again",
				Values: []Value{
					{Column: "t", Label: "Time", Unit: Time},
					{Column: "mark", Label: "What", Unit: Text},
				},
			},
			{
				ID: "marks-problems", Title: "Problems over time", Kind: Marks, Needs: MinuteRows, By: ByHost, MinSpanS: hourSeconds,
				Question: "When did a host have which problem?",
				Empty:    "There was no problem",
				Values: []Value{
					{Column: "t", Label: "From", Unit: Time},
					{Column: "until", Label: "Until", Unit: Time},
					{Column: "mark", Label: "Problem", Unit: Text},
				},
			},
		},
	}
}

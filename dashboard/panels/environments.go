package panels

// environments answers: how do production, staging and the others compare?
func environments() Dashboard {
	overTime := []string{"cpu_pct", "ram_pct"}
	return Dashboard{
		ID: "environments", Title: "Environments",
		Question: "How do production, staging and the others compare?",
		Panels: []Panel{
			{
				ID: "environments-average", Title: "Averages", Kind: Bar, By: ByEnv,
				Question: "How loaded is each environment?",
				Values:   averages(),
			},
			{
				ID: "environments-scatter", Title: "CPU against memory", Kind: Scatter, By: ByHost, Group: ByEnv,
				Question: "Are hosts of one environment alike?",
				Values:   averages()[:2],
			},
			{
				ID: "environments-cpu", Title: "CPU", Kind: Lines, By: ByEnv, Together: overTime,
				Question: "How does the CPU use of each environment change over time?",
				Values:   []Value{{Column: "value", Label: "CPU", Unit: Percent, Low: "low", High: "high"}},
			},
			{
				ID: "environments-memory", Title: "Memory", Kind: Lines, By: ByEnv, Together: overTime,
				Question: "How does the memory use of each environment change over time?",
				Values:   []Value{{Column: "value", Label: "Memory", Unit: Percent, Low: "low", High: "high"}},
			},
			{
				ID: "environments-summary", Title: "Summary", Kind: Table, Needs: HourRows, By: ByEnv, Width: full,
				Question: "What are the statistics of each environment in this time?",
				Values: []Value{
					{Column: "hosts", Label: "Hosts", Unit: Count},
					{Column: "samples", Label: "Samples", Unit: Count},
					{Column: "cpu_mean", Label: "CPU mean", Unit: Percent, Thresholds: &loaded},
					{Column: "cpu_ninety_five", Label: "95 %", Unit: Percent, Thresholds: &loaded},
					{Column: "cpu_highest", Label: "Highest", Unit: Percent, Thresholds: &loaded},
					{Column: "ram_mean", Label: "Memory mean", Unit: Percent, Thresholds: &loaded},
					{Column: "ram_highest", Label: "Highest", Unit: Percent, Thresholds: &loaded},
					{Column: "disk_fullest", Label: "Fullest disk", Unit: Percent, Thresholds: &filled},
					{Column: "net_mean", Label: "Network per host", Unit: BytesPerSecond},
				},
			},
		},
	}
}

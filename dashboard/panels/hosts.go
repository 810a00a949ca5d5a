package panels

// hosts answers: how do the machines compare?
func hosts() Dashboard {
	return Dashboard{
		ID: "hosts", Title: "Hosts",
		Question: "How do the hosts compare? A host's name leads to all of its metrics.",
		Panels: []Panel{
			{
				ID: "hosts-cpu", Title: "Spread of CPU", Kind: Box, Needs: HourRows, By: ByHost,
				Question: "Which hosts are steadily busy, and which in bursts?",
				Values:   boxValues("CPU"),
			},
			{
				ID: "hosts-memory", Title: "Spread of memory", Kind: Box, Needs: HourRows, By: ByHost,
				Question: "On which hosts is the use of memory steady, and on which does it vary?",
				Values:   boxValues("Memory"),
			},
			{
				ID: "hosts-average", Title: "Averages", Kind: Bar, By: ByHost,
				Question: "How loaded are the hosts with the highest CPU use?",
				Values:   averages(),
			},
			{
				ID: "hosts-scatter", Title: "CPU against memory", Kind: Scatter, By: ByHost, Group: ByEnv,
				Question: "Which hosts are the wrong size for what they do?",
				Values:   averages()[:2],
			},
			{
				ID: "hosts-summary", Title: "Summary", Kind: Table, Needs: HourRows, By: ByHost, Width: full,
				Question: "What are the statistics of each host in this time?",
				Values: []Value{
					{Column: "samples", Label: "Samples", Unit: Count},
					{Column: "cpu_mean", Label: "CPU mean", Unit: Percent, Thresholds: &loaded},
					{Column: "cpu_deviation", Label: "± deviation", Unit: Percent},
					{Column: "cpu_ninety_five", Label: "95 %", Unit: Percent, Thresholds: &loaded},
					{Column: "cpu_highest", Label: "Highest", Unit: Percent, Thresholds: &loaded},
					{Column: "ram_mean", Label: "Memory mean", Unit: Percent, Thresholds: &loaded},
					{Column: "ram_highest", Label: "Highest", Unit: Percent, Thresholds: &loaded},
					{Column: "disk_mean", Label: "Disk busy", Unit: Percent, Thresholds: &loaded},
					{Column: "net_mean", Label: "Network", Unit: BytesPerSecond},
				},
			},
		},
	}
}

func boxValues(label string) []Value {
	return []Value{
		{Column: "low", Label: label + ", lowest", Unit: Percent},
		{Column: "quarter", Label: "Lower quartile", Unit: Percent},
		{Column: "median", Label: "Median", Unit: Percent},
		{Column: "three_quarters", Label: "Upper quartile", Unit: Percent},
		{Column: "high", Label: "Highest", Unit: Percent},
	}
}

func averages() []Value {
	return []Value{
		{Column: "cpu_pct", Label: "CPU", Unit: Percent},
		{Column: "ram_pct", Label: "Memory", Unit: Percent},
		{Column: "disk_busy_pct", Label: "Disk busy", Unit: Percent},
		{Column: "disk_used_pct", Label: "Disk used", Unit: Percent},
	}
}

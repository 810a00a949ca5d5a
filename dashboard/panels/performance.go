package panels

// performance answers: how busy are CPU and memory, on which hosts, and at what time of the day?
func performance() Dashboard {
	overTime := append(withEnds("cpu_pct", "ram_pct"), "cpu_user_pct", "cpu_system_pct", "cpu_iowait_pct", "cpu_steal_pct",
		"cpu_pressure_pct", "mem_pressure_pct", "io_pressure_pct")
	return Dashboard{
		ID: "performance", Title: "Performance",
		Question: "How busy are CPU and memory, on which hosts, and when?",
		Panels: []Panel{
			{
				ID: "performance-now", Title: "Now", Kind: Gauge, Width: full,
				Question: "How loaded are the hosts that report, on average?",
				MinSpanS: quarterHourSeconds, MaxSpanS: hourSeconds,
				Values: []Value{
					{Column: "cpu_pct", Label: "CPU", Unit: Percent, High: "cpu_max", Host: "cpu_host", Thresholds: &loaded},
					{Column: "ram_pct", Label: "Memory", Unit: Percent, High: "ram_max", Host: "ram_host", Thresholds: &loaded},
					{Column: "core_load", Label: "Load per core", Unit: Percent, High: "load_max", Host: "load_host", Thresholds: &loaded},
					{Column: "cpu_pressure_pct", Label: "Pressure on CPU", Unit: Percent, High: "pressure_max", Host: "pressure_host", Thresholds: &pressed},
				},
			},
			{
				ID: "performance-cpu", Title: "CPU by host", Kind: HostRows, By: ByHost, Together: overTime,
				Question: "Which hosts are busy, and since when?",
				Values:   []Value{{Column: "value", Label: "CPU", Unit: Percent, Low: "low", High: "high", Thresholds: &loaded}},
			},
			{
				ID: "performance-memory", Title: "Memory by host", Kind: HostRows, By: ByHost, Together: overTime,
				Question: "Which hosts run out of memory?",
				Values:   []Value{{Column: "value", Label: "Memory", Unit: Percent, Low: "low", High: "high", Thresholds: &loaded}},
			},
			{
				ID: "performance-states", Title: "What CPUs do", Kind: Area, Together: overTime,
				Question: "Is the time spent in programs, in the kernel, waiting for disks or taken by the hypervisor?",
				Values: []Value{
					{Column: "cpu_user_pct", Label: "User", Unit: Percent},
					{Column: "cpu_system_pct", Label: "System", Unit: Percent},
					{Column: "cpu_iowait_pct", Label: "Waiting for I/O", Unit: Percent},
					{Column: "cpu_steal_pct", Label: "Stolen", Unit: Percent},
				},
			},
			{
				ID: "performance-pressure", Title: "Pressure", Kind: Series, Together: overTime,
				Question: "What do tasks wait for, on average over the hosts?",
				Values: []Value{
					{Column: "cpu_pressure_pct", Label: "CPU", Unit: Percent},
					{Column: "mem_pressure_pct", Label: "Memory", Unit: Percent},
					{Column: "io_pressure_pct", Label: "I/O", Unit: Percent},
				},
			},
			{
				ID: "performance-week", Title: "CPU by hour and weekday", Kind: HeatMap, Needs: HourRows, By: ByWeekday, Across: ByHour,
				Question: "At which hours of the week is the fleet busy?",
				MinSpanS: 7 * daySeconds,
				Values:   []Value{{Column: "value", Label: "CPU", Unit: Percent, High: "high"}},
			},
			{
				ID: "performance-top", Title: "Top 10 hosts", Kind: Bar, By: ByHost,
				Question: "Which hosts use the most CPU on average, and how much memory?",
				Values: []Value{
					{Column: "cpu_pct", Label: "CPU", Unit: Percent, Thresholds: &loaded},
					{Column: "ram_pct", Label: "Memory", Unit: Percent, Thresholds: &loaded},
				},
			},
		},
	}
}

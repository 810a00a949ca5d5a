package panels

// processes answers: which programs and services use the fleet, and on which hosts?
func processes() Dashboard {
	return Dashboard{
		ID: "processes", Title: "Processes",
		Question: "Which processes and services use CPU, memory and disks, and on which hosts?",
		Panels: []Panel{
			{
				ID: "processes-cpu", Title: "CPU by process", Kind: Layers, ReadsLists: true, By: ByProcess, Width: third,
				Question: "Which processes use the most CPU over all hosts (100 % is one core)?",
				Values:   []Value{{Column: "value", Label: "CPU", Unit: PercentOfCore}},
			},
			{
				ID: "processes-memory", Title: "Memory by process", Kind: Layers, ReadsLists: true, By: ByProcess, Width: third,
				Question: "Which processes hold memory?",
				Values:   []Value{{Column: "value", Label: "Memory", Unit: Bytes}},
			},
			{
				ID: "processes-disk", Title: "Disk by process", Kind: Layers, ReadsLists: true, By: ByProcess, Width: third,
				Question: "Which processes read from disks and write to them?",
				Values:   []Value{{Column: "value", Label: "Read and written", Unit: BytesPerSecond}},
			},
			{
				ID: "processes-top", Title: "Top processes", Kind: Table, ReadsLists: true, By: ByProcess, Width: full,
				Question: "Which processes use the most over all hosts, and on which host do they use the most?",
				Values: []Value{
					{Column: "cpu", Label: "CPU", Unit: PercentOfCore, Host: "cpu_host"},
					{Column: "memory", Label: "Memory", Unit: Bytes, Host: "memory_host"},
					{Column: "read", Label: "Read", Unit: BytesPerSecond},
					{Column: "written", Label: "Written", Unit: BytesPerSecond},
					{Column: "number", Label: "Processes", Unit: Count},
					{Column: "hosts", Label: "Hosts", Unit: Count},
				},
			},
			{
				ID: "processes-time", Title: "CPU of a process by host", Kind: Lines, ReadsLists: true, By: ByHost,
				Question: "On which hosts does the chosen process, or the busiest one, use CPU, and since when?",
				Values:   []Value{{Column: "value", Label: "CPU", Unit: PercentOfCore, Low: "low", High: "high"}},
			},
			{
				ID: "processes-growth", Title: "Memory of a process by host", Kind: Lines, ReadsLists: true, By: ByHost,
				Question: "On which hosts does the memory of the chosen process, or of the busiest one, grow?",
				Values:   []Value{{Column: "value", Label: "Memory", Unit: Bytes, Low: "low", High: "high"}},
			},
			{
				ID: "processes-hosts", Title: "Processes of hosts", Kind: Table, ReadsLists: true, By: ByHost, Width: full,
				Question: "Which process of which host uses the most?",
				Values: []Value{
					{Column: "process", Label: "Process", Unit: Text},
					{Column: "cpu", Label: "CPU", Unit: PercentOfCore},
					{Column: "memory", Label: "Memory", Unit: Bytes},
					{Column: "read", Label: "Read", Unit: BytesPerSecond},
					{Column: "written", Label: "Written", Unit: BytesPerSecond},
				},
			},
			{
				ID: "processes-units", Title: "Top services and containers", Kind: Table, ReadsLists: true, By: ByName, Width: full, Optional: true,
				Question: "Which services and containers use the most, which reach their limits, and where did the kernel kill processes?",
				Values: []Value{
					{Column: "cpu", Label: "CPU", Unit: PercentOfCore, Host: "cpu_host"},
					{Column: "memory", Label: "Memory", Unit: Bytes, Host: "memory_host"},
					{Column: "limit_peak", Label: "Of limit", Unit: Percent, Thresholds: &filled},
					{Column: "throttled", Label: "Throttled", Unit: Percent, Thresholds: &pressed},
					{Column: "oom_kills", Label: "Killed", Unit: Count, Thresholds: &Thresholds{Warn: 1, Critical: 1}},
					{Column: "hosts", Label: "Hosts", Unit: Count},
				},
			},
		},
	}
}

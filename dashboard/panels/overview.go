package panels

// overview answers: how is the fleet now, and is anything in trouble?
func overview() Dashboard {
	percent := &Thresholds{Warn: 75, Critical: 90}
	return Dashboard{
		ID:    "overview",
		Title: "Overview",
		Panels: []Panel{
			{
				ID: "overview-fleet", Title: "Hosts", Kind: Stat,
				Question: "How many hosts report, and how many fell silent within the last day?",
				SQL:      fleetSQL, MinSpanS: daySeconds,
				Values: []Value{
					{Column: "hosts", Label: "Hosts", Unit: Count},
					{Column: "silent", Label: "Silent", Unit: Count, Thresholds: &Thresholds{Warn: 1, Critical: 1}},
				},
			},
			{
				ID: "overview-now", Title: "Now", Kind: Stat,
				Question: "What are CPU, memory, the busiest disk and the network of the hosts that report doing now?",
				SQL:      nowSQL, MinSpanS: quarterHourSeconds,
				Values: []Value{
					{Column: "cpu_pct", Label: "CPU", Unit: Percent, High: "cpu_max", Host: "cpu_host", Thresholds: percent},
					{Column: "ram_pct", Label: "Memory", Unit: Percent, High: "ram_max", Host: "ram_host", Thresholds: percent},
					{Column: "disk_busy_pct", Label: "Busiest disk", Unit: Percent, Host: "disk_host", Thresholds: percent},
					{Column: "net_recv", Label: "Received", Unit: BytesPerSecond},
					{Column: "net_sent", Label: "Sent", Unit: BytesPerSecond},
				},
			},
			{
				ID: "overview-trend", Title: "Trend", Kind: Trend,
				Question: "How did the numbers of the fleet get to where they are?",
				SQL:      trendSQL,
				Values: []Value{
					{Column: "cpu_pct", Label: "CPU", Unit: Percent},
					{Column: "ram_pct", Label: "Memory", Unit: Percent},
					{Column: "disk_busy_pct", Label: "Busiest disk", Unit: Percent},
					{Column: "net_total", Label: "Network", Unit: BytesPerSecond},
				},
			},
			{
				ID: "overview-cpu", Title: "CPU", Kind: Lines,
				Question: "Which hosts are busy, and since when?",
				SQL:      byHost("cpu_pct"),
				Values: []Value{
					{Column: "value", Label: "CPU", Unit: Percent, Low: "low", High: "high", Thresholds: percent},
				},
			},
			{
				ID: "overview-memory", Title: "Memory", Kind: Lines,
				Question: "Which hosts run out of memory?",
				SQL:      byHost("ram_pct"),
				Values: []Value{
					{Column: "value", Label: "Memory", Unit: Percent, Low: "low", High: "high", Thresholds: percent},
				},
			},
			{
				ID: "overview-disk", Title: "Busiest disk", Kind: Lines,
				Question: "On which hosts is a disk saturated?",
				SQL:      byHost("disk_busy_pct"),
				Values: []Value{
					{Column: "value", Label: "Busy", Unit: Percent, Low: "low", High: "high", Thresholds: percent},
				},
			},
			{
				ID: "overview-network", Title: "Network", Kind: Lines,
				Question: "Which hosts receive and send the most?",
				SQL:      networkByHostSQL,
				Values: []Value{
					{Column: "recv", Label: "Received", Unit: BytesPerSecond},
					{Column: "sent", Label: "Sent", Unit: BytesPerSecond, Below: true},
				},
			},
			{
				ID: "overview-last-seen", Title: "Hosts", Kind: Table,
				Question: "When was each host last seen, and what did it say?",
				SQL:      lastSeenSQL, MinSpanS: daySeconds,
				Values: []Value{
					{Column: "last_ts", Label: "Last seen", Unit: Time},
					{Column: "cpu_pct", Label: "CPU", Unit: Percent, Thresholds: percent},
					{Column: "ram_pct", Label: "Memory", Unit: Percent, Thresholds: percent},
					{Column: "disk_busy_pct", Label: "Disk busy", Unit: Percent, Thresholds: percent},
					{Column: "disk_used_pct", Label: "Disk used", Unit: Percent, Thresholds: percent},
					{Column: "net_recv", Label: "Received", Unit: BytesPerSecond},
					{Column: "net_sent", Label: "Sent", Unit: BytesPerSecond},
				},
			},
		},
	}
}

const (
	quarterHourSeconds = 15 * 60
	daySeconds         = 24 * 60 * 60
)

package panels

// overview answers: how is the fleet now, and is anything in trouble?
func overview() Dashboard {
	overTime := append(withEnds("cpu_pct", "ram_pct", "disk_busy_pct", "pressure"), "net_bytes_recv_per_s", "net_bytes_sent_per_s")
	return Dashboard{
		ID:       "overview",
		Title:    "Overview",
		Question: "Which hosts are in trouble, why, and since when?",
		Panels: []Panel{
			{
				ID: "overview-fleet", Title: "Hosts", Kind: Stat,
				Question: "How many hosts sent samples in the last day, and how many of them are silent now?",
				MinSpanS: daySeconds, MaxSpanS: daySeconds,
				Values: []Value{
					{Column: "hosts", Label: "Hosts", Unit: Count},
					{Column: "silent", Label: "Silent", Unit: Count, Thresholds: &Thresholds{Warn: 1, Critical: 1}},
				},
			},
			{
				ID: "overview-now", Title: "Now", Kind: Stat,
				Question: "How busy are CPU, memory, disks and network of the hosts that report?",
				MinSpanS: quarterHourSeconds, MaxSpanS: hourSeconds,
				Values: []Value{
					{Column: "cpu_pct", Label: "CPU", Unit: Percent, High: "cpu_max", Host: "cpu_host", Note: "of all cores", Thresholds: &loaded},
					{Column: "ram_pct", Label: "Memory", Unit: Percent, High: "ram_max", Host: "ram_host", Note: "in use", Thresholds: &loaded},
					{Column: "disk_busy_pct", Label: "Busiest disk", Unit: Percent, Host: "disk_host", Note: "time with I/O in flight", Thresholds: &loaded},
					{Column: "net_recv", Label: "Received", Unit: BytesPerSecond},
					{Column: "net_sent", Label: "Sent", Unit: BytesPerSecond, Below: true},
				},
			},
			{
				ID: "overview-trend", Title: "Trend", Kind: Trend, Together: overTime,
				Question: "How did CPU, memory, disks and network of the fleet change over the time range?",
				Values: []Value{
					{Column: "cpu_pct", Label: "CPU", Unit: Percent},
					{Column: "ram_pct", Label: "Memory", Unit: Percent},
					{Column: "disk_busy_pct", Label: "Busiest disk", Unit: Percent},
					{Column: "net_total", Label: "Network", Unit: BytesPerSecond, Sum: []string{"net_recv", "net_sent"}},
				},
			},
			{
				ID: "overview-attention", Title: "Needs attention", Kind: Problems, By: ByHost, Width: full,
				Question: "Which hosts are in trouble now, why, and since when?",
				Empty:    "Nothing needs attention",
				MinSpanS: daySeconds, MaxSpanS: daySeconds,
				Values: []Value{
					{Column: "problem", Label: "Problem", Unit: Text},
					{Column: "value", Label: "Now", Unit: OfRow, UnitColumn: "unit"},
					{Column: "since", Label: "Since", Unit: Time},
				},
			},
			{
				ID: "overview-map", Title: "Fleet", Kind: HostMap, By: ByHost, Width: full, AnswerOf: "overview-last-seen", Optional: true,
				Question: "Where in the fleet is trouble, and what do those hosts have in common?",
				MinSpanS: daySeconds, MaxSpanS: daySeconds,
				Values: []Value{
					{Column: "cpu_pct", Label: "CPU", Unit: Percent, Thresholds: &loaded},
					{Column: "ram_pct", Label: "Memory", Unit: Percent, Thresholds: &loaded},
					{Column: "disk_busy_pct", Label: "Disk busy", Unit: Percent, Thresholds: &loaded},
					{Column: "disk_used_pct", Label: "Disk used", Unit: Percent, Thresholds: &filled},
					{Column: "net_recv", Label: "Received", Unit: BytesPerSecond},
					{Column: "net_sent", Label: "Sent", Unit: BytesPerSecond},
				},
			},
			{
				ID: "overview-cpu", Title: "CPU", Kind: Fleet, By: ByHost, Together: overTime,
				Question: "Which hosts are busy, and since when?",
				Values: []Value{
					{Column: "value", Label: "CPU", Unit: Percent, Low: "low", High: "high", Thresholds: &loaded},
				},
			},
			{
				ID: "overview-memory", Title: "Memory", Kind: Fleet, By: ByHost, Together: overTime,
				Question: "Which hosts run out of memory?",
				Values: []Value{
					{Column: "value", Label: "Memory", Unit: Percent, Low: "low", High: "high", Thresholds: &loaded},
				},
			},
			{
				ID: "overview-disk", Title: "Busiest disk", Kind: Fleet, By: ByHost, Together: overTime,
				Question: "On which hosts is a disk saturated?",
				Values: []Value{
					{Column: "value", Label: "Busy", Unit: Percent, Low: "low", High: "high", Thresholds: &loaded},
				},
			},
			{
				ID: "overview-network", Title: "Network", Kind: Fleet, By: ByHost, Together: overTime,
				Question: "Which hosts receive and send the most?",
				Values:   throughputValues(),
			},
			{
				ID: "overview-lag", Title: "Ingest lag", Kind: Series, Needs: EachSample,
				Question: "How long do samples take until they are processed?",
				Values: []Value{
					{Column: "lag", Label: "Mean", Unit: Seconds},
					{Column: "lag_max", Label: "Longest", Unit: Seconds},
				},
			},
			{
				ID: "overview-pressure", Title: "Pressure", Kind: Fleet, By: ByHost, Together: overTime,
				Question: "Where do tasks wait for CPU, memory or I/O?",
				Values: []Value{
					{Column: "value", Label: "Pressure", Unit: Percent, Low: "low", High: "high", Thresholds: &pressed},
				},
			},
			{
				ID: "overview-last-seen", Title: "Hosts", Kind: Table, By: ByHost, Width: full,
				Question: "When was each host last seen, and what were its newest values of the last hour?",
				MinSpanS: daySeconds, MaxSpanS: daySeconds,
				Values: []Value{
					{Column: "last_ts", Label: "Last seen", Unit: Time},
					{Column: "cpu_pct", Label: "CPU", Unit: Percent, Thresholds: &loaded},
					{Column: "ram_pct", Label: "Memory", Unit: Percent, Thresholds: &loaded},
					{Column: "disk_busy_pct", Label: "Disk busy", Unit: Percent, Thresholds: &loaded},
					{Column: "disk_used_pct", Label: "Disk used", Unit: Percent, Thresholds: &filled},
					{Column: "net_recv", Label: "Received", Unit: BytesPerSecond},
					{Column: "net_sent", Label: "Sent", Unit: BytesPerSecond},
					{Column: "errors", Label: "Errors", Unit: PerSecond, Thresholds: &erroneous},
					{Column: "pressure", Label: "Pressure", Unit: Percent, Thresholds: &pressed},
				},
			},
		},
	}
}

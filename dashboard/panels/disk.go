package panels

// disk answers: which disks are busy, which fill up, and when will they be full?
func disk() Dashboard {
	overTime := append(withEnds("disk_busy_pct"), "disk_read_bytes_per_s", "disk_write_bytes_per_s")
	return Dashboard{
		ID: "disk", Title: "Disk",
		Question: "Which disks are busy, which fill up, and when will they be full?",
		Panels: []Panel{
			{
				ID: "disk-busy", Title: "Busiest disk by host", Kind: HostRows, By: ByHost, Together: overTime,
				Question: "On which hosts is a disk saturated?",
				Values:   []Value{{Column: "value", Label: "Busy", Unit: Percent, Low: "low", High: "high", Thresholds: &loaded}},
			},
			{
				ID: "disk-bytes", Title: "Read and written", Kind: Area, Together: overTime,
				Question: "How much do all hosts read and write?",
				Values: []Value{
					{Column: "disk_read_bytes_per_s", Label: "Read", Unit: BytesPerSecond},
					{Column: "disk_write_bytes_per_s", Label: "Written", Unit: BytesPerSecond},
				},
			},
			{
				ID: "disk-operations", Title: "Operations by host", Kind: Stack, By: ByHost,
				Question: "Which hosts do the most reads and writes?",
				Values: []Value{
					{Column: "disk_read_ops_per_s", Label: "Reads", Unit: PerSecond},
					{Column: "disk_write_ops_per_s", Label: "Writes", Unit: PerSecond},
				},
			},
			{
				ID: "disk-scatter", Title: "Disk against CPU", Kind: Scatter, By: ByHost, Group: ByEnv,
				Question: "Which hosts work with their disks, which with their CPUs?",
				Values: []Value{
					{Column: "cpu_pct", Label: "CPU", Unit: Percent},
					{Column: "disk_busy_pct", Label: "Disk busy", Unit: Percent},
				},
			},
			{
				ID: "disk-hours", Title: "Activity by hour", Kind: HeatMap, Needs: HourRows, By: ByHost, Across: ByHour, Width: full,
				Question: "At which hours do which hosts read and write?",
				MinSpanS: daySeconds,
				Values:   []Value{{Column: "value", Label: "Read and written", Unit: BytesPerSecond}},
			},
			{
				ID: "disk-fullest", Title: "Fullest or full soon", Kind: Table, By: ByHost, Width: full,
				Question: "Which filesystems will be full first at the present pace, and which are nearly full?",
				MinSpanS: daySeconds, MaxSpanS: trendS,
				Values: append([]Value{{Column: "mount", Label: "Mount", Unit: Text}}, filesystemValues()...),
			},
			{
				ID: "disk-slowest", Title: "Slowest disks", Kind: Table, Needs: EachSample, By: ByHost, Optional: true,
				Question: "On which disks do operations take longest?",
				Values: []Value{
					{Column: "device", Label: "Disk", Unit: Text},
					{Column: "await", Label: "Latency", Unit: Milliseconds, Thresholds: &slow},
					{Column: "await_peak", Label: "Peak", Unit: Milliseconds, Thresholds: &slow},
					{Column: "busy", Label: "Busy", Unit: Percent, Thresholds: &loaded},
					{Column: "operations", Label: "Operations", Unit: PerSecond},
				},
			},
			{
				ID: "disk-busiest", Title: "Busiest", Kind: Table, By: ByHost,
				Question: "Which hosts keep their disks busiest?",
				Values: []Value{
					{Column: "disk_busy_pct", Label: "Busy", Unit: Percent, Thresholds: &loaded},
					{Column: "io_pressure_pct", Label: "Pressure", Unit: Percent, Thresholds: &pressed},
					{Column: "disk_read_bytes_per_s", Label: "Read", Unit: BytesPerSecond},
					{Column: "disk_write_bytes_per_s", Label: "Written", Unit: BytesPerSecond},
				},
			},
		},
	}
}

// trendS is the longest time range of a filesystem's trend, in seconds. The line through a year would miss what began a week ago.
const trendS = 30 * daySeconds

// filesystemValues are the columns of a table of filesystems.
func filesystemValues() []Value {
	return []Value{
		{Column: "used", Label: "Used", Unit: Percent, Thresholds: &filled},
		{Column: "free", Label: "Free", Unit: Bytes},
		{Column: "total", Label: "Size", Unit: Bytes},
		{Column: "inodes", Label: "Inodes used", Unit: Percent, Thresholds: &filled},
		{Column: "per_day", Label: "Growth a day", Unit: Percent},
		{Column: "full_in", Label: "Full in", Unit: Duration},
	}
}

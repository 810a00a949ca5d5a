package panels

// disk answers: which disks are busy, which fill up, and when will they be full?
func disk() Dashboard {
	return Dashboard{
		ID: "disk", Title: "Disk",
		Question: "Which disks are busy, which fill up, and when will they be full?",
		Panels: []Panel{
			{
				ID: "disk-busy", Title: "Busiest disk by host", Kind: Lines, By: ByHost,
				Question: "On which hosts is a disk saturated?",
				Values:   []Value{{Column: "value", Label: "Busy", Unit: Percent, Low: "low", High: "high", Thresholds: &loaded}},
			},
			{
				ID: "disk-bytes", Title: "Read and written", Kind: Area,
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
				ID: "disk-hours", Title: "Activity by hour", Kind: HeatMap, By: ByHost, Across: ByHour, Width: full,
				Question: "At which hours do which hosts read and write?",
				MinSpanS: daySeconds,
				Values:   []Value{{Column: "value", Label: "Read and written", Unit: BytesPerSecond}},
			},
			{
				ID: "disk-fullest", Title: "Fullest", Kind: Table, By: ByHost,
				Question: "Which filesystems are nearly full, and when will they be, if it goes on like this?",
				MinSpanS: daySeconds,
				Values: []Value{
					{Column: "disk_used_pct", Label: "Used", Unit: Percent, Thresholds: &filled},
					{Column: "disk_free_bytes", Label: "Free", Unit: Bytes},
					{Column: "per_day", Label: "Growth a day", Unit: Percent},
					{Column: "full_in", Label: "Full in", Unit: Duration},
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

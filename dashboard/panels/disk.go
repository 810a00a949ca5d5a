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
				SQL:      byHost("disk_busy_pct"),
				Values:   []Value{{Column: "value", Label: "Busy", Unit: Percent, Low: "low", High: "high", Thresholds: &loaded}},
			},
			{
				ID: "disk-bytes", Title: "Read and written", Kind: Area,
				Question: "How much do all hosts read and write?",
				SQL:      fleetTotals("disk_read_bytes_per_s", "disk_write_bytes_per_s"),
				Values: []Value{
					{Column: "disk_read_bytes_per_s", Label: "Read", Unit: BytesPerSecond},
					{Column: "disk_write_bytes_per_s", Label: "Written", Unit: BytesPerSecond},
				},
			},
			{
				ID: "disk-operations", Title: "Operations by host", Kind: Stack, By: ByHost,
				Question: "Which hosts do the most reads and writes?",
				SQL: topHosts("coalesce(disk_read_ops_per_s, 0) + coalesce(disk_write_ops_per_s, 0)",
					"disk_read_ops_per_s", "disk_write_ops_per_s"),
				Values: []Value{
					{Column: "disk_read_ops_per_s", Label: "Reads", Unit: PerSecond},
					{Column: "disk_write_ops_per_s", Label: "Writes", Unit: PerSecond},
				},
			},
			{
				ID: "disk-scatter", Title: "Disk against CPU", Kind: Scatter, By: ByHost, Group: ByEnv,
				Question: "Which hosts work with their disks, which with their CPUs?",
				SQL:      againstSQL("cpu_pct", "disk_busy_pct"),
				Values: []Value{
					{Column: "cpu_pct", Label: "CPU", Unit: Percent},
					{Column: "disk_busy_pct", Label: "Disk busy", Unit: Percent},
				},
			},
			{
				ID: "disk-hours", Title: "Activity by hour", Kind: HeatMap, By: ByHost, Across: ByHour, Width: full,
				Question: "At which hours do which hosts read and write?",
				SQL:      diskHoursSQL, MinSpanS: daySeconds,
				Values: []Value{{Column: "value", Label: "Read and written", Unit: BytesPerSecond}},
			},
			{
				ID: "disk-fullest", Title: "Fullest", Kind: Table, By: ByHost,
				Question: "Which filesystems are nearly full, and when will they be, if it goes on like this?",
				SQL:      fullestSQL, MinSpanS: daySeconds,
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
				SQL:      topHosts("disk_busy_pct", "disk_busy_pct", "io_pressure_pct", "disk_read_bytes_per_s", "disk_write_bytes_per_s"),
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

// againstSQL gives the means of two columns for each host, with its environment.
func againstSQL(x, y string) string {
	return `SELECT ` + hostName + ` AS host, max(` + envName + `) AS env, avg(` + x + `) AS ` + x + `, avg(` + y + `) AS ` + y + `
FROM samples
WHERE ` + inRange + `
GROUP BY 1
ORDER BY 1`
}

// diskHoursSQL shows the twenty hosts that read and write the most.
var diskHoursSQL = `WITH hourly AS (
  SELECT ` + hostName + ` AS host, floor((ts + :offset) / 3600) AS h, avg(disk_read_bytes_per_s + disk_write_bytes_per_s) AS value
  FROM samples
  WHERE ` + inRange + `
  GROUP BY 1, 2
), ranked AS (
  SELECT host, row_number() OVER (ORDER BY avg(value) DESC, host) AS place
  FROM hourly
  WHERE value IS NOT NULL
  GROUP BY host
)
SELECT r.host, mod(h.h, 24) AS hour, avg(h.value) AS value
FROM hourly h JOIN ranked r ON r.host = h.host
WHERE r.place <= 20
GROUP BY r.host, r.place, mod(h.h, 24)
ORDER BY r.place, 2`

// fullestSQL extends a straight line through the hourly means of each host. A disk that does not fill up is never full.
var fullestSQL = `WITH hourly AS (
  SELECT ` + hostName + ` AS host, floor(ts / 3600) AS h, avg(disk_used_pct) AS used,
    max_by(disk_used_pct, ts) AS last_used, max_by(disk_free_bytes, ts) AS free
  FROM samples
  WHERE ` + inRange + `
    AND disk_used_pct IS NOT NULL
  GROUP BY 1, 2
), trend AS (
  SELECT host, max_by(last_used, h) AS disk_used_pct, max_by(free, h) AS disk_free_bytes,
    CASE WHEN count(*) >= 3 THEN 24 * regr_slope(used, h) END AS per_day
  FROM hourly
  GROUP BY host
), ranked AS (
  SELECT host, disk_used_pct, disk_free_bytes, per_day,
    CASE WHEN per_day >= 0.01 THEN 86400 * (100 - disk_used_pct) / per_day END AS full_in,
    row_number() OVER (ORDER BY disk_used_pct DESC, host) AS place
  FROM trend
)
SELECT host, disk_used_pct, disk_free_bytes, per_day, full_in
FROM ranked
WHERE place <= 10
ORDER BY place`

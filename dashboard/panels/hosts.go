package panels

// hosts answers: how do the machines compare?
func hosts() Dashboard {
	return Dashboard{
		ID: "hosts", Title: "Hosts",
		Question: "How do the hosts compare? A host's name leads to all of its metrics.",
		Panels: []Panel{
			{
				ID: "hosts-cpu", Title: "Spread of CPU", Kind: Box, By: ByHost,
				Question: "Which hosts are steadily busy, and which in bursts?",
				SQL:      boxSQL("cpu_pct"), Values: boxValues("CPU"),
			},
			{
				ID: "hosts-memory", Title: "Spread of memory", Kind: Box, By: ByHost,
				Question: "Which hosts use memory evenly, and where does it swing?",
				SQL:      boxSQL("ram_pct"), Values: boxValues("Memory"),
			},
			{
				ID: "hosts-average", Title: "Averages", Kind: Bar, By: ByHost,
				Question: "How loaded are the busiest hosts in each respect?",
				SQL:      topHosts("cpu_pct", "cpu_pct", "ram_pct", "disk_busy_pct", "disk_used_pct"),
				Values: []Value{
					{Column: "cpu_pct", Label: "CPU", Unit: Percent},
					{Column: "ram_pct", Label: "Memory", Unit: Percent},
					{Column: "disk_busy_pct", Label: "Disk busy", Unit: Percent},
					{Column: "disk_used_pct", Label: "Disk used", Unit: Percent},
				},
			},
			{
				ID: "hosts-scatter", Title: "CPU against memory", Kind: Scatter, By: ByHost, Group: ByEnv,
				Question: "Which hosts are the wrong size for what they do?",
				SQL:      againstSQL("cpu_pct", "ram_pct"),
				Values: []Value{
					{Column: "cpu_pct", Label: "CPU", Unit: Percent},
					{Column: "ram_pct", Label: "Memory", Unit: Percent},
				},
			},
			{
				ID: "hosts-summary", Title: "Summary", Kind: Table, By: ByHost, Width: full,
				Question: "What are the statistics of each host in this time?",
				SQL:      summarySQL,
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

// boxSQL shows the twenty hosts with the highest median.
func boxSQL(column string) string {
	return `WITH spread AS (
  SELECT ` + hostName + ` AS host, min(` + column + `) AS low, approx_percentile(` + column + `, 0.25) AS quarter,
    approx_percentile(` + column + `, 0.5) AS median, approx_percentile(` + column + `, 0.75) AS three_quarters, max(` + column + `) AS high
  FROM samples
  WHERE ` + inRange + `
    AND ` + column + ` IS NOT NULL
  GROUP BY 1
), ranked AS (
  SELECT host, low, quarter, median, three_quarters, high, row_number() OVER (ORDER BY median DESC, host) AS place
  FROM spread
)
SELECT host, low, quarter, median, three_quarters, high
FROM ranked
WHERE place <= 20
ORDER BY place`
}

var summarySQL = `SELECT ` + hostName + ` AS host, max(node_role) AS node_role, max(env) AS env, count(*) AS samples,
  avg(cpu_pct) AS cpu_mean, stddev_samp(cpu_pct) AS cpu_deviation, approx_percentile(cpu_pct, 0.95) AS cpu_ninety_five,
  max(cpu_pct) AS cpu_highest, avg(ram_pct) AS ram_mean, max(ram_pct) AS ram_highest, avg(disk_busy_pct) AS disk_mean,
  avg(net_bytes_recv_per_s + net_bytes_sent_per_s) AS net_mean
FROM samples
WHERE ` + inRange + `
GROUP BY 1
ORDER BY 1`

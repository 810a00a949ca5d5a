package panels

// network answers: how much goes over the wire, and where does it go wrong?
func network() Dashboard {
	errorsBy := []Value{
		{Column: "net_err_in_per_s", Label: "Receive errors", Unit: PerSecond},
		{Column: "net_err_out_per_s", Label: "Transmit errors", Unit: PerSecond},
		{Column: "net_drop_in_per_s", Label: "Dropped on receive", Unit: PerSecond},
		{Column: "net_drop_out_per_s", Label: "Dropped on transmit", Unit: PerSecond},
	}
	return Dashboard{
		ID: "network", Title: "Network",
		Question: "How much do hosts receive and send, and where do packets get lost?",
		Panels: []Panel{
			{
				ID: "network-hosts", Title: "Throughput by host", Kind: Lines, By: ByHost,
				Question: "Which hosts receive and send the most?",
				SQL:      networkByHostSQL,
				Values: []Value{
					{Column: "recv", Label: "Received", Unit: BytesPerSecond},
					{Column: "sent", Label: "Sent", Unit: BytesPerSecond, Below: true},
				},
			},
			{
				ID: "network-bytes", Title: "Throughput of all hosts", Kind: Area,
				Question: "How many bytes are received and sent in all?",
				SQL:      fleetTotals("net_bytes_recv_per_s", "net_bytes_sent_per_s"),
				Values: []Value{
					{Column: "net_bytes_recv_per_s", Label: "Received", Unit: BytesPerSecond},
					{Column: "net_bytes_sent_per_s", Label: "Sent", Unit: BytesPerSecond},
				},
			},
			{
				ID: "network-packets", Title: "Packets", Kind: Area,
				Question: "How many packets are received and sent in all?",
				SQL:      fleetTotals("net_packets_recv_per_s", "net_packets_sent_per_s"),
				Values: []Value{
					{Column: "net_packets_recv_per_s", Label: "Received", Unit: PerSecond},
					{Column: "net_packets_sent_per_s", Label: "Sent", Unit: PerSecond},
				},
			},
			{
				ID: "network-errors", Title: "Errors and drops", Kind: Stack, By: ByHost,
				Question: "Which hosts lose packets, and in which direction?",
				SQL: topHosts("net_err_in_per_s + net_err_out_per_s + net_drop_in_per_s + net_drop_out_per_s",
					"net_err_in_per_s", "net_err_out_per_s", "net_drop_in_per_s", "net_drop_out_per_s"),
				Values: errorsBy,
			},
			{
				ID: "network-scatter", Title: "Throughput against errors", Kind: Scatter, By: ByHost, Group: ByEnv,
				Question: "Do errors come with load, or from one bad machine?",
				SQL: `SELECT ` + hostName + ` AS host, max(` + envName + `) AS env,
  avg(net_bytes_recv_per_s + net_bytes_sent_per_s) AS throughput, avg(` + errorRate + `) AS errors
FROM samples
WHERE ` + inRange + `
GROUP BY 1
ORDER BY 1`,
				Values: []Value{
					{Column: "throughput", Label: "Throughput", Unit: BytesPerSecond},
					{Column: "errors", Label: "Errors and drops", Unit: PerSecond, Thresholds: &erroneous},
				},
			},
			{
				ID: "network-worst", Title: "Worst hosts", Kind: Table, By: ByHost,
				Question: "Which hosts have the most errors and drops, and how much do they carry?",
				SQL:      worstNetworkSQL,
				Values: []Value{
					{Column: "errors", Label: "Errors", Unit: PerSecond, Thresholds: &erroneous},
					{Column: "peak", Label: "Peak", Unit: PerSecond, Thresholds: &erroneous},
					{Column: "recv", Label: "Received", Unit: BytesPerSecond},
					{Column: "sent", Label: "Sent", Unit: BytesPerSecond},
				},
			},
		},
	}
}

var worstNetworkSQL = `WITH means AS (
  SELECT ` + hostName + ` AS host, avg(` + errorRate + `) AS errors, max(` + errorRate + `) AS peak,
    avg(net_bytes_recv_per_s) AS recv, avg(net_bytes_sent_per_s) AS sent
  FROM samples
  WHERE ` + inRange + `
  GROUP BY 1
), ranked AS (
  SELECT host, errors, peak, recv, sent, row_number() OVER (ORDER BY errors DESC, host) AS place
  FROM means
  WHERE errors IS NOT NULL
)
SELECT host, errors, peak, recv, sent
FROM ranked
WHERE place <= 10
ORDER BY place`

var networkByHostSQL = `WITH buckets AS (
  SELECT ` + hostName + ` AS host, ` + bucket + ` AS t,
    avg(net_bytes_recv_per_s) AS recv, avg(net_bytes_sent_per_s) AS sent, max(interval_s) AS interval_s
  FROM samples
  WHERE ` + inRange + `
    AND (net_bytes_recv_per_s IS NOT NULL OR net_bytes_sent_per_s IS NOT NULL)
  GROUP BY 1, 2
), ranked AS (
  SELECT host, row_number() OVER (ORDER BY avg(coalesce(recv, 0) + coalesce(sent, 0)) DESC, host) AS place,
    count(*) OVER () AS hosts
  FROM buckets
  GROUP BY host
)
SELECT b.host, b.t, b.recv, b.sent, b.interval_s, r.hosts
FROM buckets b JOIN ranked r ON r.host = b.host
WHERE r.place <= :series
ORDER BY b.host, b.t`

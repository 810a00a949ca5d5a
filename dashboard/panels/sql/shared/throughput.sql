{{- /* What hosts receive and send over time: lines and a band as in the template fleet. */ -}}
{{define "throughput"}}WITH buckets AS (
  SELECT host, t, net_bytes_recv_per_s AS recv, net_bytes_sent_per_s AS sent, interval_s
  FROM {{by_bucket "net_bytes_recv_per_s" "net_bytes_sent_per_s"}}
  WHERE net_bytes_recv_per_s IS NOT NULL OR net_bytes_sent_per_s IS NOT NULL
), {{template "ranked" args "value" "coalesce(recv, 0) + coalesce(sent, 0)" "peak" "coalesce(recv, 0) + coalesce(sent, 0)"}}, {{template "coarse" list "recv" "sent"}}
SELECT b.host, b.t, b.recv, b.sent, CAST(NULL AS double) AS recv_low, CAST(NULL AS double) AS recv_high, CAST(NULL AS double) AS sent_low, CAST(NULL AS double) AS sent_high,
  b.interval_s, r.hosts
FROM buckets b JOIN ranked r ON r.host = b.host
WHERE {{template "fleet_lines"}}
UNION ALL
SELECT '{{median_name}}' AS host, t, {{quantiles "recv" 0.05 0.5 0.95}}[2] AS recv, {{quantiles "sent" 0.05 0.5 0.95}}[2] AS sent,
  {{quantiles "recv" 0.05 0.5 0.95}}[1] AS recv_low, {{quantiles "recv" 0.05 0.5 0.95}}[3] AS recv_high,
  {{quantiles "sent" 0.05 0.5 0.95}}[1] AS sent_low, {{quantiles "sent" 0.05 0.5 0.95}}[3] AS sent_high, max(width) AS interval_s, max(hosts) AS hosts
FROM coarse
GROUP BY t
HAVING {{template "arrived"}}
ORDER BY 1, 2
{{end}}

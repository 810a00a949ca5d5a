{{- /* What hosts receive and send over time, for the hosts with the highest sum of both. */ -}}
{{define "throughput"}}WITH buckets AS (
  SELECT host, {{bucket}} AS t, avg(net_bytes_recv_per_s) AS recv, avg(net_bytes_sent_per_s) AS sent, max(interval_s) AS interval_s
  FROM {{samples "host" "interval_s" "net_bytes_recv_per_s" "net_bytes_sent_per_s"}}
  WHERE net_bytes_recv_per_s IS NOT NULL OR net_bytes_sent_per_s IS NOT NULL
  GROUP BY 1, 2
), ranked AS (
  SELECT host, row_number() OVER (ORDER BY avg(coalesce(recv, 0) + coalesce(sent, 0)) DESC, host) AS place, count(*) OVER () AS hosts
  FROM buckets
  GROUP BY host
)
SELECT b.host, b.t, b.recv, b.sent, b.interval_s, r.hosts
FROM buckets b JOIN ranked r ON r.host = b.host
WHERE r.place <= {{series}}
ORDER BY b.host, b.t
{{end}}

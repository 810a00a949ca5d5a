{{- /* What hosts receive and send over time, for the host with the highest sum of both now, the one with the highest of all
buckets, and then those with the highest average. */ -}}
{{define "throughput"}}WITH buckets AS (
  SELECT host, {{bucket}} AS t, {{mean "net_bytes_recv_per_s"}} AS recv, {{mean "net_bytes_sent_per_s"}} AS sent, max(interval_s) AS interval_s
  FROM {{samples "host" "interval_s" "net_bytes_recv_per_s" "net_bytes_sent_per_s"}}
  WHERE net_bytes_recv_per_s IS NOT NULL OR net_bytes_sent_per_s IS NOT NULL
  GROUP BY 1, 2
), sums AS (
  SELECT host, avg(coalesce(recv, 0) + coalesce(sent, 0)) AS mean, max(coalesce(recv, 0) + coalesce(sent, 0)) AS peak,
    CASE WHEN max(t) + {{bucket_s}} >= {{to}} - {{delay}} - 3e0 * coalesce(max(interval_s), 3) THEN max_by(coalesce(recv, 0) + coalesce(sent, 0), t) END AS newest
  FROM buckets
  GROUP BY host
), places AS (
  SELECT host, mean, row_number() OVER (ORDER BY newest DESC NULLS LAST, host) AS now_place, row_number() OVER (ORDER BY peak DESC, host) AS peak_place
  FROM sums
), ranked AS (
  SELECT host, row_number() OVER (ORDER BY CASE WHEN now_place = 1 OR peak_place = 1 THEN 0 ELSE 1 END, mean DESC, host) AS place, count(*) OVER () AS hosts
  FROM places
)
SELECT b.host, b.t, b.recv, b.sent, b.interval_s, r.hosts
FROM buckets b JOIN ranked r ON r.host = b.host
WHERE r.place <= {{series}}
ORDER BY b.host, b.t
{{end}}

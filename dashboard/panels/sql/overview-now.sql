{{- /* Of several hosts with the highest value, the tile names the one whose line is first in the chart. */ -}}
WITH latest AS (
  SELECT host, max(ts) AS last_ts,
    {{last "interval_s"}},
    {{last "cpu_pct"}},
    {{last "ram_pct"}},
    {{last "disk_busy_pct"}},
    {{last "net_bytes_recv_per_s"}},
    {{last "net_bytes_sent_per_s"}}
  FROM {{samples "host" "interval_s" "cpu_pct" "ram_pct" "disk_busy_pct" "net_bytes_recv_per_s" "net_bytes_sent_per_s"}}
  GROUP BY host
), compared AS (
  SELECT *, max(cpu_pct) OVER () AS cpu_max, max(ram_pct) OVER () AS ram_max, max(disk_busy_pct) OVER () AS disk_max
  FROM latest
  WHERE NOT ({{template "silent"}})
)
SELECT count(*) AS hosts,
  avg(cpu_pct) AS cpu_pct, max(cpu_max) AS cpu_max, min(CASE WHEN cpu_pct = cpu_max THEN host END) AS cpu_host,
  avg(ram_pct) AS ram_pct, max(ram_max) AS ram_max, min(CASE WHEN ram_pct = ram_max THEN host END) AS ram_host,
  max(disk_max) AS disk_busy_pct, min(CASE WHEN disk_busy_pct = disk_max THEN host END) AS disk_host,
  sum(net_bytes_recv_per_s) AS net_recv, sum(net_bytes_sent_per_s) AS net_sent
FROM compared

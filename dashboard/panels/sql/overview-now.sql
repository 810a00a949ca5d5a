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
)
SELECT count(*) AS hosts,
  avg(cpu_pct) AS cpu_pct, max(cpu_pct) AS cpu_max, max_by(host, cpu_pct) AS cpu_host,
  avg(ram_pct) AS ram_pct, max(ram_pct) AS ram_max, max_by(host, ram_pct) AS ram_host,
  max(disk_busy_pct) AS disk_busy_pct, max_by(host, disk_busy_pct) AS disk_host,
  sum(net_bytes_recv_per_s) AS net_recv, sum(net_bytes_sent_per_s) AS net_sent
FROM latest
WHERE NOT ({{template "silent"}})

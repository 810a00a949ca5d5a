WITH latest AS (
  SELECT host, max(ts) AS last_ts,
    {{last "interval_s"}},
    {{last "os"}},
    {{last "os_v"}},
    {{last "arch"}},
    {{last "node_role"}},
    {{last "environment"}},
    {{last "cpu_count"}},
    {{last "uptime_s"}},
    {{last "procs"}},
    {{last "cpu_pct"}},
    {{last "ram_pct"}},
    {{last "ram_total_bytes"}},
    {{last "ram_available_bytes"}},
    {{last "swap_pct"}},
    {{last "disk_busy_pct"}},
    {{last "disk_busy_device"}},
    {{last "disk_used_pct"}},
    {{last "disk_used_mount"}},
    {{last "net_bytes_recv_per_s"}},
    {{last "net_bytes_sent_per_s"}},
    {{last "load1"}},
    {{last "pressure"}},
    {{last "tags"}}
  FROM {{samples "host" "interval_s" "os" "os_v" "arch" "node_role" "environment" "cpu_count" "uptime_s" "procs" "cpu_pct" "ram_pct"
    "ram_total_bytes" "ram_available_bytes" "swap_pct" "disk_busy_pct" "disk_busy_device" "disk_used_pct" "disk_used_mount" "net_bytes_recv_per_s"
    "net_bytes_sent_per_s" "load1" "pressure" "tags"}}
  GROUP BY host
), tagged AS (
  SELECT l.host, {{joined "array_sort(array_agg(u.tag || ' = ' || l.tags[u.tag]))"}} AS tags
  FROM latest l CROSS JOIN UNNEST(map_keys(l.tags)) AS u (tag)
  GROUP BY l.host
)
SELECT l.host, last_ts, {{template "silent"}} AS silent, os, os_v, arch, node_role, environment AS env, cpu_count, uptime_s AS up_for, procs, cpu_pct,
  ram_pct, ram_total_bytes, ram_available_bytes, swap_pct, disk_busy_pct, disk_busy_device, disk_used_pct, disk_used_mount, net_bytes_recv_per_s AS net_recv,
  net_bytes_sent_per_s AS net_sent, load1, pressure, g.tags
FROM latest l LEFT JOIN tagged g ON g.host = l.host
ORDER BY l.host

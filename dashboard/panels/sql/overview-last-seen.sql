WITH latest AS (
  SELECT host, max(ts) AS last_ts,
    {{last "interval_s"}},
    {{last "node_role"}},
    {{last "environment"}},
    {{last "cpu_pct"}},
    {{last "ram_pct"}},
    {{last "disk_busy_pct"}},
    {{last "disk_used_pct"}},
    {{last "net_bytes_recv_per_s"}},
    {{last "net_bytes_sent_per_s"}},
    {{last "errors"}},
    {{last "pressure"}},
    {{last "tags"}}
  FROM {{samples "host" "interval_s" "node_role" "environment" "cpu_pct" "ram_pct" "disk_busy_pct" "disk_used_pct"
    "net_bytes_recv_per_s" "net_bytes_sent_per_s" "errors" "pressure" "tags"}}
  GROUP BY host
), tagged AS (
  SELECT l.host, {{lines "array_sort(array_agg(u.tag || '=' || l.tags[u.tag]))"}} AS tags
  FROM latest l CROSS JOIN UNNEST(map_keys(l.tags)) AS u (tag)
  GROUP BY l.host
)
SELECT l.host, node_role, environment AS env, g.tags, last_ts, {{template "silent"}} AS silent, cpu_pct, ram_pct, disk_busy_pct, disk_used_pct,
  net_bytes_recv_per_s AS net_recv, net_bytes_sent_per_s AS net_sent, errors, pressure
FROM latest l LEFT JOIN tagged g ON g.host = l.host
ORDER BY l.host

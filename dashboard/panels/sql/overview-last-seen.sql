{{- /* When each host was last seen. Its values are the newest ones of the last hour: a host that has been silent for longer has none. */ -}}
WITH seen AS (
  SELECT *
  FROM {{kept "seen"}}
), latest AS (
  SELECT host,
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
  FROM {{samples "host" "node_role" "environment" "cpu_pct" "ram_pct" "disk_busy_pct" "disk_used_pct" "net_bytes_recv_per_s"
    "net_bytes_sent_per_s" "errors" "pressure" "tags"}}
  WHERE ts >= {{to}} - 3600
  GROUP BY host
), tagged AS (
  SELECT l.host, {{lines "array_sort(array_agg(u.tag || '=' || l.tags[u.tag]))"}} AS tags
  FROM latest l CROSS JOIN UNNEST(map_keys(l.tags)) AS u (tag)
  GROUP BY l.host
)
SELECT s.host, coalesce(l.node_role, s.node_role) AS node_role, coalesce(l.environment, s.env) AS env, g.tags, last_ts, {{template "silent"}} AS silent,
  cpu_pct, ram_pct, disk_busy_pct, disk_used_pct, net_bytes_recv_per_s AS net_recv, net_bytes_sent_per_s AS net_sent, errors, pressure
FROM seen s LEFT JOIN latest l ON l.host = s.host LEFT JOIN tagged g ON g.host = s.host
ORDER BY s.host

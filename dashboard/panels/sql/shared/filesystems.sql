{{- /* The newest state of each filesystem, and its trend: a straight line through its hourly means says how much it grows a day
and, if it fills up, when it reaches 100 %. Hosts without details have one row, of the fullest filesystem. A filesystem that is not
mounted any more is left out: the newest details of its host lack it. */ -}}
{{define "filesystems"}}hourly AS (
  SELECT host, mount, 1 AS detailed, floor(ts / 3600) AS h, max(ts) AS last_ts, avg(used_pct) AS mean_used, max_by(used_pct, ts) AS last_used,
    {{last_by "ts" "free_bytes"}} AS last_free, {{last_by "ts" "total_bytes"}} AS last_total, {{last_by "ts" "inodes_used_pct"}} AS last_inodes
  FROM {{details "filesystems" "host" "mount" "used_pct" "free_bytes" "total_bytes" "inodes_used_pct"}}
  WHERE used_pct IS NOT NULL
  GROUP BY 1, 2, 4
  UNION ALL
  SELECT host, coalesce({{last_by "ts" "disk_used_mount"}}, '(fullest)') AS mount, 0 AS detailed, floor(ts / 3600) AS h, max(ts) AS last_ts,
    {{mean "disk_used_pct"}} AS mean_used, max_by(disk_used_pct, ts) AS last_used, {{last_by "ts" "disk_free_bytes"}} AS last_free, NULL AS last_total,
    {{last_by "ts" "inodes_used_pct"}} AS last_inodes
  FROM {{samples "host" "disk_used_mount" "disk_used_pct" "disk_free_bytes" "inodes_used_pct"}}
  WHERE disk_used_pct IS NOT NULL
  GROUP BY 1, 4
), trend AS (
  SELECT host, mount, detailed, max(last_ts) AS last_ts, max_by(last_used, h) AS used, {{last_by "h" "last_free"}} AS free,
    {{last_by "h" "last_total"}} AS total, {{last_by "h" "last_inodes"}} AS inodes, CASE WHEN count(*) >= 3 THEN 24 * regr_slope(mean_used, h) END AS per_day
  FROM hourly
  GROUP BY 1, 2, 3
), newest AS (
  SELECT host, max(detailed) AS detailed, max(CASE WHEN detailed = 1 THEN last_ts END) AS details_ts, max(last_ts) AS last_ts
  FROM trend
  GROUP BY host
), filesystems AS (
  SELECT t.host, t.mount, t.used, t.free, t.total, t.inodes, t.per_day,
    CASE WHEN t.per_day >= 0.01 THEN 86400 * (100 - t.used) / t.per_day END AS full_in
  FROM trend t JOIN newest n ON n.host = t.host AND n.detailed = t.detailed
  WHERE t.last_ts >= coalesce(n.details_ts, n.last_ts) - 600
){{end}}

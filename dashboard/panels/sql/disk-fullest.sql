{{- /* A straight line through the hourly means of each host says when its disk reaches 100 %. If the disk does not fill up,
full_in is NULL. */ -}}
WITH hourly AS (
  SELECT host, floor(ts / 3600) AS h, avg(disk_used_pct) AS used, max_by(disk_used_pct, ts) AS last_used, max_by(disk_free_bytes, ts) AS free
  FROM {{samples "host" "disk_used_pct" "disk_free_bytes"}}
  WHERE disk_used_pct IS NOT NULL
  GROUP BY 1, 2
), trend AS (
  SELECT host, max_by(last_used, h) AS disk_used_pct, max_by(free, h) AS disk_free_bytes,
    CASE WHEN count(*) >= 3 THEN 24 * regr_slope(used, h) END AS per_day
  FROM hourly
  GROUP BY host
), ranked AS (
  SELECT host, disk_used_pct, disk_free_bytes, per_day,
    CASE WHEN per_day >= 0.01 THEN 86400 * (100 - disk_used_pct) / per_day END AS full_in,
    row_number() OVER (ORDER BY disk_used_pct DESC, host) AS place
  FROM trend
)
SELECT host, disk_used_pct, disk_free_bytes, per_day, full_in
FROM ranked
WHERE place <= 10
ORDER BY place

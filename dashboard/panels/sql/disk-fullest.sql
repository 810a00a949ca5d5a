{{- /* The filesystems that will be full within 30 days come first, the soonest of them before the others; then come the fullest. */ -}}
WITH {{template "filesystems"}}, ranked AS (
  SELECT host, mount, used, free, total, inodes, CASE WHEN abs(per_day) < 0.005 THEN 0e0 ELSE per_day END AS per_day, full_in,
    row_number() OVER (ORDER BY CASE WHEN full_in <= 30 * 86400 THEN full_in ELSE 30 * 86400 END, used DESC, host, mount) AS place
  FROM filesystems
)
SELECT host, mount, used, free, total, inodes, per_day, full_in
FROM ranked
WHERE place <= 15
ORDER BY place

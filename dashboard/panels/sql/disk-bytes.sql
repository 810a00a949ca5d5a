WITH by_host AS (
  {{template "by_host" list "disk_read_bytes_per_s" "disk_write_bytes_per_s"}}
)
SELECT t, sum(disk_read_bytes_per_s) AS disk_read_bytes_per_s, sum(disk_write_bytes_per_s) AS disk_write_bytes_per_s, max(interval_s) AS interval_s
FROM by_host
GROUP BY t
ORDER BY t

SELECT {{bucket}} AS t, avg(disk_busy_pct) AS disk_busy_pct, max(disk_busy_pct) AS disk_busy_pct_high,
  avg(disk_used_pct) AS disk_used_pct, max(disk_used_pct) AS disk_used_pct_high,
  avg(inodes_used_pct) AS inodes_used_pct, max(inodes_used_pct) AS inodes_used_pct_high, max(interval_s) AS interval_s
FROM {{samples "interval_s" "disk_busy_pct" "disk_used_pct" "inodes_used_pct"}}
GROUP BY 1
ORDER BY 1

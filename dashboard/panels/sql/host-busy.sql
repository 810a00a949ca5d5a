SELECT {{bucket}} AS t, {{mean "disk_busy_pct"}} AS disk_busy_pct, {{high "disk_busy_pct"}} AS disk_busy_pct_high,
  {{mean "disk_used_pct"}} AS disk_used_pct, {{high "disk_used_pct"}} AS disk_used_pct_high,
  {{mean "inodes_used_pct"}} AS inodes_used_pct, {{high "inodes_used_pct"}} AS inodes_used_pct_high, max(interval_s) AS interval_s
FROM {{samples "interval_s" "disk_busy_pct" "disk_used_pct" "inodes_used_pct"}}
GROUP BY 1
ORDER BY 1

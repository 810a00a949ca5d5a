SELECT {{bucket}} AS t, avg(disk_read_ops_per_s) AS disk_read_ops_per_s,
  avg(disk_write_ops_per_s) AS disk_write_ops_per_s, max(interval_s) AS interval_s
FROM {{samples "interval_s" "disk_read_ops_per_s" "disk_write_ops_per_s"}}
GROUP BY 1
ORDER BY 1

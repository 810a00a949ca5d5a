SELECT {{bucket}} AS t, {{mean "disk_read_bytes_per_s"}} AS disk_read_bytes_per_s, {{high "disk_read_bytes_per_s"}} AS disk_read_bytes_per_s_high,
  {{mean "disk_write_bytes_per_s"}} AS disk_write_bytes_per_s, {{high "disk_write_bytes_per_s"}} AS disk_write_bytes_per_s_high, max(interval_s) AS interval_s
FROM {{samples "interval_s" "disk_read_bytes_per_s" "disk_write_bytes_per_s"}}
GROUP BY 1
ORDER BY 1

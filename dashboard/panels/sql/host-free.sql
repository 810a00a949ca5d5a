SELECT {{bucket}} AS t, avg(disk_free_bytes) AS disk_free_bytes, max(interval_s) AS interval_s
FROM {{samples "interval_s" "disk_free_bytes"}}
GROUP BY 1
ORDER BY 1

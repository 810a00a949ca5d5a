SELECT {{bucket}} AS t, avg(uptime_s) AS uptime_s, max(interval_s) AS interval_s
FROM {{samples "interval_s" "uptime_s"}}
GROUP BY 1
ORDER BY 1

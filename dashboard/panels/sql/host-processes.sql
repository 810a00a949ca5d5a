SELECT {{bucket}} AS t, avg(procs) AS procs, max(interval_s) AS interval_s
FROM {{samples "interval_s" "procs"}}
GROUP BY 1
ORDER BY 1

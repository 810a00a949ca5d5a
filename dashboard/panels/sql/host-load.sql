SELECT {{bucket}} AS t, avg(load1) AS load1,
  avg(load5) AS load5,
  avg(load15) AS load15,
  avg(cpu_count) AS cpu_count, max(interval_s) AS interval_s
FROM {{samples "interval_s" "load1" "load5" "load15" "cpu_count"}}
GROUP BY 1
ORDER BY 1

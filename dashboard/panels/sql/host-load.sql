SELECT {{bucket}} AS t, {{mean "load1"}} AS load1,
  {{mean "load5"}} AS load5,
  {{mean "load15"}} AS load15,
  {{mean "cpu_count"}} AS cpu_count, max(interval_s) AS interval_s
FROM {{samples "interval_s" "load1" "load5" "load15" "cpu_count"}}
GROUP BY 1
ORDER BY 1

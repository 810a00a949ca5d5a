SELECT {{bucket}} AS t, avg(cpu_pct) AS cpu_pct, max(cpu_pct) AS cpu_pct_high,
  avg(cpu_core_max_pct) AS cpu_core_max_pct, max(cpu_core_max_pct) AS cpu_core_max_pct_high, max(interval_s) AS interval_s
FROM {{samples "interval_s" "cpu_pct" "cpu_core_max_pct"}}
GROUP BY 1
ORDER BY 1

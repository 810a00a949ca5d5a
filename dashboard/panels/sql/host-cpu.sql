SELECT {{bucket}} AS t, avg(cpu_pct) AS cpu_pct, max(cpu_pct) AS cpu_pct_high,
  avg(cpu_core_max_pct) AS cpu_core_max_pct, max(cpu_core_max_pct) AS cpu_core_max_pct_high,
  avg(cpu_iowait_pct) AS cpu_iowait_pct, max(cpu_iowait_pct) AS cpu_iowait_pct_high,
  avg(cpu_steal_pct) AS cpu_steal_pct, max(cpu_steal_pct) AS cpu_steal_pct_high, max(interval_s) AS interval_s
FROM {{samples "interval_s" "cpu_pct" "cpu_core_max_pct" "cpu_iowait_pct" "cpu_steal_pct"}}
GROUP BY 1
ORDER BY 1

SELECT {{bucket}} AS t, avg(cpu_user_pct) AS cpu_user_pct, max(cpu_user_pct) AS cpu_user_pct_high,
  avg(cpu_system_pct) AS cpu_system_pct, max(cpu_system_pct) AS cpu_system_pct_high,
  avg(cpu_iowait_pct) AS cpu_iowait_pct, max(cpu_iowait_pct) AS cpu_iowait_pct_high,
  avg(cpu_steal_pct) AS cpu_steal_pct, max(cpu_steal_pct) AS cpu_steal_pct_high, max(interval_s) AS interval_s
FROM {{samples "interval_s" "cpu_user_pct" "cpu_system_pct" "cpu_iowait_pct" "cpu_steal_pct"}}
GROUP BY 1
ORDER BY 1

SELECT {{bucket}} AS t, {{mean "cpu_pct"}} AS cpu_pct, {{high "cpu_pct"}} AS cpu_pct_high,
  {{mean "cpu_core_max_pct"}} AS cpu_core_max_pct, {{high "cpu_core_max_pct"}} AS cpu_core_max_pct_high,
  {{mean "cpu_iowait_pct"}} AS cpu_iowait_pct, {{high "cpu_iowait_pct"}} AS cpu_iowait_pct_high,
  {{mean "cpu_steal_pct"}} AS cpu_steal_pct, {{high "cpu_steal_pct"}} AS cpu_steal_pct_high, max(interval_s) AS interval_s
FROM {{samples "interval_s" "cpu_pct" "cpu_core_max_pct" "cpu_iowait_pct" "cpu_steal_pct"}}
GROUP BY 1
ORDER BY 1

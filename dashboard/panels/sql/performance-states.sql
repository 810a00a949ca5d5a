WITH by_host AS (
  {{template "by_host" list "cpu_user_pct" "cpu_system_pct" "cpu_iowait_pct" "cpu_steal_pct"}}
)
SELECT t, avg(cpu_user_pct) AS cpu_user_pct, avg(cpu_system_pct) AS cpu_system_pct, avg(cpu_iowait_pct) AS cpu_iowait_pct, avg(cpu_steal_pct) AS cpu_steal_pct, max(interval_s) AS interval_s
FROM by_host
GROUP BY t
ORDER BY t

WITH by_host AS (
  {{template "by_host" list "cpu_pressure_pct" "mem_pressure_pct" "io_pressure_pct"}}
)
SELECT t, avg(cpu_pressure_pct) AS cpu_pressure_pct, avg(mem_pressure_pct) AS mem_pressure_pct, avg(io_pressure_pct) AS io_pressure_pct, max(interval_s) AS interval_s
FROM by_host
GROUP BY t
ORDER BY t

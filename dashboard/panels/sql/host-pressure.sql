SELECT {{bucket}} AS t, avg(cpu_pressure_pct) AS cpu_pressure_pct, max(cpu_pressure_pct) AS cpu_pressure_pct_high,
  avg(mem_pressure_pct) AS mem_pressure_pct, max(mem_pressure_pct) AS mem_pressure_pct_high,
  avg(io_pressure_pct) AS io_pressure_pct, max(io_pressure_pct) AS io_pressure_pct_high, max(interval_s) AS interval_s
FROM {{samples "interval_s" "cpu_pressure_pct" "mem_pressure_pct" "io_pressure_pct"}}
GROUP BY 1
ORDER BY 1

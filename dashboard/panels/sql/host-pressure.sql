SELECT {{bucket}} AS t, {{mean "cpu_pressure_pct"}} AS cpu_pressure_pct, {{high "cpu_pressure_pct"}} AS cpu_pressure_pct_high,
  {{mean "mem_pressure_pct"}} AS mem_pressure_pct, {{high "mem_pressure_pct"}} AS mem_pressure_pct_high,
  {{mean "io_pressure_pct"}} AS io_pressure_pct, {{high "io_pressure_pct"}} AS io_pressure_pct_high, max(interval_s) AS interval_s
FROM {{samples "interval_s" "cpu_pressure_pct" "mem_pressure_pct" "io_pressure_pct"}}
GROUP BY 1
ORDER BY 1

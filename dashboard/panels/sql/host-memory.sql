SELECT {{bucket}} AS t, avg(ram_pct) AS ram_pct, max(ram_pct) AS ram_pct_high,
  avg(swap_pct) AS swap_pct, max(swap_pct) AS swap_pct_high, max(interval_s) AS interval_s
FROM {{samples "interval_s" "ram_pct" "swap_pct"}}
GROUP BY 1
ORDER BY 1

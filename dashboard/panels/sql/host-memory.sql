SELECT {{bucket}} AS t, {{mean "ram_pct"}} AS ram_pct, {{high "ram_pct"}} AS ram_pct_high,
  {{mean "swap_pct"}} AS swap_pct, {{high "swap_pct"}} AS swap_pct_high, max(interval_s) AS interval_s
FROM {{samples "interval_s" "ram_pct" "swap_pct"}}
GROUP BY 1
ORDER BY 1

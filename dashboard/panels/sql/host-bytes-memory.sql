SELECT {{bucket}} AS t, avg(ram_used_bytes) AS ram_used_bytes,
  avg(ram_available_bytes) AS ram_available_bytes,
  avg(ram_total_bytes) AS ram_total_bytes,
  avg(swap_used_bytes) AS swap_used_bytes, max(interval_s) AS interval_s
FROM {{samples "interval_s" "ram_used_bytes" "ram_available_bytes" "ram_total_bytes" "swap_used_bytes"}}
GROUP BY 1
ORDER BY 1

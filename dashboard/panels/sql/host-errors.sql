SELECT {{bucket}} AS t, {{mean "net_err_in_per_s"}} AS net_err_in_per_s,
  {{mean "net_err_out_per_s"}} AS net_err_out_per_s,
  {{mean "net_drop_in_per_s"}} AS net_drop_in_per_s,
  {{mean "net_drop_out_per_s"}} AS net_drop_out_per_s, max(interval_s) AS interval_s
FROM {{samples "interval_s" "net_err_in_per_s" "net_err_out_per_s" "net_drop_in_per_s" "net_drop_out_per_s"}}
GROUP BY 1
ORDER BY 1

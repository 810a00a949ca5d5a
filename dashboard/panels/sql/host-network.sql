SELECT {{bucket}} AS t, {{mean "net_bytes_recv_per_s"}} AS net_bytes_recv_per_s, {{high "net_bytes_recv_per_s"}} AS net_bytes_recv_per_s_high,
  {{mean "net_bytes_sent_per_s"}} AS net_bytes_sent_per_s, {{high "net_bytes_sent_per_s"}} AS net_bytes_sent_per_s_high, max(interval_s) AS interval_s
FROM {{samples "interval_s" "net_bytes_recv_per_s" "net_bytes_sent_per_s"}}
GROUP BY 1
ORDER BY 1

SELECT {{bucket}} AS t, avg(net_bytes_recv_per_s) AS net_bytes_recv_per_s, max(net_bytes_recv_per_s) AS net_bytes_recv_per_s_high,
  avg(net_bytes_sent_per_s) AS net_bytes_sent_per_s, max(net_bytes_sent_per_s) AS net_bytes_sent_per_s_high, max(interval_s) AS interval_s
FROM {{samples "interval_s" "net_bytes_recv_per_s" "net_bytes_sent_per_s"}}
GROUP BY 1
ORDER BY 1

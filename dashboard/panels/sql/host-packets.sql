SELECT {{bucket}} AS t, avg(net_packets_recv_per_s) AS net_packets_recv_per_s,
  avg(net_packets_sent_per_s) AS net_packets_sent_per_s, max(interval_s) AS interval_s
FROM {{samples "interval_s" "net_packets_recv_per_s" "net_packets_sent_per_s"}}
GROUP BY 1
ORDER BY 1

WITH by_host AS (
  {{template "by_host" list "net_bytes_recv_per_s" "net_bytes_sent_per_s"}}
)
SELECT t, sum(net_bytes_recv_per_s) AS net_bytes_recv_per_s, sum(net_bytes_sent_per_s) AS net_bytes_sent_per_s, max(interval_s) AS interval_s
FROM by_host
GROUP BY t
ORDER BY t

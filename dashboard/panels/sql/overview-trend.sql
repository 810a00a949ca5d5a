WITH by_host AS (
  {{template "by_host" list "cpu_pct" "ram_pct" "disk_busy_pct" "net_bytes_recv_per_s" "net_bytes_sent_per_s"}}
)
SELECT t, avg(cpu_pct) AS cpu_pct, avg(ram_pct) AS ram_pct, max(disk_busy_pct) AS disk_busy_pct,
  sum(CASE WHEN coalesce(net_bytes_recv_per_s, net_bytes_sent_per_s) IS NOT NULL
    THEN coalesce(net_bytes_recv_per_s, 0) + coalesce(net_bytes_sent_per_s, 0) END) AS net_total
FROM by_host
GROUP BY t
ORDER BY t

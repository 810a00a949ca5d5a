SELECT env, count(DISTINCT host) AS hosts, count(*) AS samples,
  avg(cpu_pct) AS cpu_mean, {{quantile "cpu_pct" 0.95}} AS cpu_ninety_five, max(cpu_pct) AS cpu_highest,
  avg(ram_pct) AS ram_mean, max(ram_pct) AS ram_highest, max(disk_used_pct) AS disk_fullest,
  avg(net_bytes_recv_per_s + net_bytes_sent_per_s) AS net_mean
FROM {{samples "host" "env" "cpu_pct" "ram_pct" "disk_used_pct" "net_bytes_recv_per_s" "net_bytes_sent_per_s"}}
GROUP BY env
ORDER BY env

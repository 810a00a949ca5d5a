SELECT host, max(node_role) AS node_role, max(environment) AS env, {{count}} AS samples,
  {{mean "cpu_pct"}} AS cpu_mean, stddev_samp(cpu_pct) AS cpu_deviation, {{quantile "cpu_pct" 0.95}} AS cpu_ninety_five, {{high "cpu_pct"}} AS cpu_highest,
  {{mean "ram_pct"}} AS ram_mean, {{high "ram_pct"}} AS ram_highest, {{mean "disk_busy_pct"}} AS disk_mean,
  {{mean "net_bytes_recv_per_s + net_bytes_sent_per_s"}} AS net_mean
FROM {{samples "host" "node_role" "environment" "cpu_pct" "ram_pct" "disk_busy_pct" "net_bytes_recv_per_s" "net_bytes_sent_per_s"}}
GROUP BY host
ORDER BY host

{{- /* The means and the 95 % of an environment are means of the values of its hosts, so that a host that samples more often does not
weigh more. */ -}}
WITH by_host AS (
  SELECT host, env, {{count}} AS samples, {{mean "cpu_pct"}} AS cpu_mean, {{quantile "cpu_pct" 0.95}} AS cpu_ninety_five, {{high "cpu_pct"}} AS cpu_highest,
    {{mean "ram_pct"}} AS ram_mean, {{high "ram_pct"}} AS ram_highest, {{high "disk_used_pct"}} AS disk_fullest,
    {{mean "net_bytes_recv_per_s + net_bytes_sent_per_s"}} AS net_mean
  FROM {{samples "host" "env" "cpu_pct" "ram_pct" "disk_used_pct" "net_bytes_recv_per_s" "net_bytes_sent_per_s"}}
  GROUP BY host, env
)
SELECT env, count(*) AS hosts, CAST(sum(samples) AS bigint) AS samples, avg(cpu_mean) AS cpu_mean, avg(cpu_ninety_five) AS cpu_ninety_five,
  max(cpu_highest) AS cpu_highest, avg(ram_mean) AS ram_mean, max(ram_highest) AS ram_highest, max(disk_fullest) AS disk_fullest,
  avg(net_mean) AS net_mean
FROM by_host
GROUP BY env
ORDER BY env

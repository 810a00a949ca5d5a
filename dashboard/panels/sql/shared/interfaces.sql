{{- /* What each interface of each host carried on average. speed is the newest one that is known. It is NULL if there
is none, or if the newest one is 0. */ -}}
{{define "interfaces"}}interfaces AS (
  SELECT host, name, avg(recv_bytes_per_s) AS recv, avg(sent_bytes_per_s) AS sent, max(link_pct) AS link_peak, avg(lost) AS lost,
    max(lost) AS lost_peak, avg(throughput) AS throughput, avg(recv_packets_per_s) AS packets_in, avg(sent_packets_per_s) AS packets_out,
    nullif({{last_by "ts" "speed_bits_per_s"}}, 0) AS speed
  FROM {{details "interfaces" "host" "name" "recv_bytes_per_s" "sent_bytes_per_s" "link_pct" "lost" "throughput" "recv_packets_per_s"
    "sent_packets_per_s" "speed_bits_per_s"}}
  GROUP BY 1, 2
){{end}}

SELECT host, max(env) AS env, {{mean "net_bytes_recv_per_s + net_bytes_sent_per_s"}} AS throughput, {{mean "errors"}} AS errors
FROM {{samples "host" "env" "net_bytes_recv_per_s" "net_bytes_sent_per_s" "errors"}}
GROUP BY host
ORDER BY host

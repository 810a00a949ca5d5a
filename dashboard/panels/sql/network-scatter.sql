SELECT host, max(env) AS env, avg(net_bytes_recv_per_s + net_bytes_sent_per_s) AS throughput, avg(errors) AS errors
FROM {{samples "host" "env" "net_bytes_recv_per_s" "net_bytes_sent_per_s" "errors"}}
GROUP BY host
ORDER BY host

WITH means AS (
  SELECT host, {{mean "errors"}} AS errors, {{high "errors"}} AS peak, {{mean "net_bytes_recv_per_s"}} AS recv, {{mean "net_bytes_sent_per_s"}} AS sent
  FROM {{samples "host" "errors" "net_bytes_recv_per_s" "net_bytes_sent_per_s"}}
  GROUP BY host
), ranked AS (
  SELECT host, errors, peak, recv, sent, row_number() OVER (ORDER BY errors DESC, host) AS place
  FROM means
  WHERE errors IS NOT NULL
)
SELECT host, errors, peak, recv, sent
FROM ranked
WHERE place <= 10
ORDER BY place

WITH {{template "interfaces"}}, ranked AS (
  SELECT host, name, recv, sent, lost, lost_peak, link_peak, speed, row_number() OVER (ORDER BY throughput DESC, host, name) AS busiest,
    row_number() OVER (ORDER BY lost DESC, host, name) AS worst
  FROM interfaces
)
SELECT host, name, recv, sent, lost, lost_peak, link_peak, speed
FROM ranked
WHERE busiest <= 10 OR (worst <= 5 AND lost > 0)
ORDER BY busiest

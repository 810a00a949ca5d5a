{{- /* Points of a host that follow each other and are outside on the same side of the median are one event, if no step between them lacks
a value. */ -}}
WITH scored AS (
  SELECT *
  FROM {{kept "scored"}}
), sides AS (
  SELECT host, t, value, median, score, step_s, CASE WHEN NOT outside THEN 0 WHEN value > median THEN 1 ELSE -1 END AS side
  FROM scored
), turns AS (
  SELECT *, CASE WHEN side = lag(side) OVER (PARTITION BY host ORDER BY t) AND t - lag(t) OVER (PARTITION BY host ORDER BY t) <= step_s THEN 0 ELSE 1 END AS begins
  FROM sides
), numbered AS (
  SELECT *, sum(begins) OVER (PARTITION BY host ORDER BY t) AS event
  FROM turns
), events AS (
  SELECT host, event, min(t) AS start_t, CAST(max(t) - min(t) + max(step_s) AS bigint) AS length_s, max_by(median, score) AS usual,
    max_by(value, score) AS peak, max(score) AS score
  FROM numbered
  WHERE side <> 0
  GROUP BY host, event
), ranked AS (
  SELECT host, start_t, length_s, usual, peak, row_number() OVER (ORDER BY score DESC, start_t, host) AS place
  FROM events
)
SELECT host, start_t, length_s, usual, peak, peak - usual AS size
FROM ranked
WHERE place <= 100
ORDER BY start_t DESC, host

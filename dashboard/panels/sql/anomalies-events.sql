{{- /* Neighbouring points that are outside on the same side of the median are one event. Its length is the sum of its slots.
*/ -}}
WITH {{template "scored"}}, numbered AS (
  SELECT host, t, value, median, score, value > median AS above,
    t / {{slot_s}} - row_number() OVER (PARTITION BY host, value > median ORDER BY t) AS event
  FROM scored
  WHERE outside
), events AS (
  SELECT host, above, event, min(t) AS start_t, count(*) AS points, max_by(median, score) AS usual, max_by(value, score) AS peak,
    max(score) AS score
  FROM numbered
  GROUP BY host, above, event
), ranked AS (
  SELECT host, start_t, points, usual, peak, row_number() OVER (ORDER BY score DESC, start_t, host) AS place
  FROM events
)
SELECT host, start_t, points * {{slot_s}} AS length_s, usual, peak, peak - usual AS size
FROM ranked
WHERE place <= 100
ORDER BY start_t DESC, host

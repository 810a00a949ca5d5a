{{- /* Hours are told apart by when they begin. So the hour that comes twice when daylight saving ends counts as two hours. */ -}}
WITH hourly AS (
  SELECT host, floor((ts + {{offset}}) / 3600) * 3600 - {{offset}} AS t, {{mean "metric"}} AS value
  FROM {{samples "host" "metric"}}
  GROUP BY 1, 2
), fleet AS (
  SELECT t, avg(value) AS value, max(high) AS high, min(CASE WHEN value = high THEN host END) AS high_host
  FROM (SELECT *, max(value) OVER (PARTITION BY t) AS high FROM hourly) AS compared
  WHERE value IS NOT NULL
  GROUP BY t
), ranked AS (
  SELECT t, value, high, high_host, row_number() OVER (ORDER BY value DESC, t) AS place
  FROM fleet
)
SELECT t, value, high, high_host
FROM ranked
WHERE place <= 10
ORDER BY place

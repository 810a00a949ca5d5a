WITH hourly AS (
  {{template "hourly" "metric"}}
), fleet AS (
  SELECT h, avg(value) AS value, max(value) AS high, max_by(host, value) AS high_host
  FROM hourly
  WHERE value IS NOT NULL
  GROUP BY h
), ranked AS (
  SELECT h * 3600 - {{offset}} AS t, value, high, high_host, row_number() OVER (ORDER BY value DESC, h) AS place
  FROM fleet
)
SELECT t, value, high, high_host
FROM ranked
WHERE place <= 10
ORDER BY place

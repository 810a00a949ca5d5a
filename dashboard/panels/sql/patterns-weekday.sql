WITH hourly AS (
  {{template "hourly" "metric"}}
)
SELECT mod(floor(h / 24) + 3, 7) AS weekday, avg(value) AS value, max(value) AS high
FROM hourly
WHERE value IS NOT NULL
GROUP BY 1
ORDER BY 1

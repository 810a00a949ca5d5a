WITH hourly AS (
  {{template "hourly" "metric"}}
)
SELECT floor(h / 24) * 86400 AS day, mod(h, 24) AS hour, avg(value) AS value, max(value) AS high
FROM hourly
WHERE value IS NOT NULL
GROUP BY 1, 2
ORDER BY 1, 2

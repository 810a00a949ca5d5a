WITH hourly AS (
  {{template "hourly" "metric"}}
)
SELECT mod(h, 24) AS hour, avg(value) AS value, max(value) AS high
FROM hourly
WHERE value IS NOT NULL
GROUP BY 1
ORDER BY 1

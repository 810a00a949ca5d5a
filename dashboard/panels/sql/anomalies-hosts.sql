WITH scored AS (
  SELECT *
  FROM {{kept "scored"}}
), counted AS (
  SELECT host, count(*) AS points, row_number() OVER (ORDER BY count(*) DESC, host) AS place
  FROM scored
  WHERE outside
  GROUP BY host
)
SELECT host, points
FROM counted
WHERE place <= 15
ORDER BY place

WITH scored AS (
  SELECT *
  FROM {{kept "scored"}}
), ranked AS (
  {{template "most_unusual"}}
)
SELECT s.host, s.t, s.score, s.value, s.median
FROM scored s JOIN ranked r ON r.host = s.host
WHERE r.place <= 20
ORDER BY r.place, s.t

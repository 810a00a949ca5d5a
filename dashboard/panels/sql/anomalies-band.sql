WITH scored AS (
  SELECT *
  FROM {{kept "scored"}}
), ranked AS (
  {{template "most_unusual"}}
)
SELECT s.host, s.t, s.value, s.median, s.low, s.high, s.outside
FROM scored s JOIN ranked r ON r.host = s.host
WHERE r.place = 1
ORDER BY s.t

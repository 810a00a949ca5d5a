WITH copied AS (
  SELECT host, session_id, seq, count(*) AS copies
  FROM {{samples "host" "session_id" "seq"}}
  GROUP BY 1, 2, 3
)
SELECT host, count(*) AS repeated, sum(copies - 1) AS extra_rows
FROM copied
WHERE copies > 1
GROUP BY host
ORDER BY extra_rows DESC, host

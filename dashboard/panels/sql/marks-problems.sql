WITH {{template "problems" args "all" true}}, ranked AS (
  SELECT host, since AS t, until, problem AS mark, worst AS severity, row_number() OVER (ORDER BY worst DESC, since DESC, host, problem) AS place
  FROM episodes
)
SELECT host, t, until, mark, severity
FROM ranked
WHERE place <= 500
ORDER BY t, host, mark

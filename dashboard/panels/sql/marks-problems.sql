WITH {{template "problems" args "all" true "newest" 0}}, ranked AS (
  SELECT host, since AS t, until, problem AS mark, worst AS severity, row_number() OVER (ORDER BY worst DESC, since DESC, host, problem) AS place
  FROM episodes
  WHERE NOT always_routine
)
SELECT host, t, until, mark, severity
FROM ranked
WHERE place <= 500
ORDER BY t, host, mark

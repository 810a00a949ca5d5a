{{- /* The problems that stand: see the shared template "standing". A host without a problem has one row, in which problem is NULL. So
alerts, which ask again and again, know which hosts still report. quiet says that the newest sample of a host is too old to say how the host is
now, even if a changed rule calls only a longer silence a problem. */ -}}
WITH {{template "problems" args "all" false "newest" standing_s}}, {{template "standing" args "newest" standing_s}}, {{template "culprits"}}, counted AS (
  SELECT *, count(problem) OVER (PARTITION BY host) AS problems
  FROM found
)
SELECT f.host, machine_id, node_role, env, last_ts, problem, {{template "culprit"}} AS culprit, unit, value, threshold, since, unknown_since, severity,
  routine, muted_until, mute_reason, {{template "silent"}} AS quiet
FROM counted f LEFT JOIN culprits c ON c.host = f.host
WHERE problem IS NOT NULL OR problems = 0
ORDER BY f.host, problem

{{- /* The problems that stand: see the shared template "standing". A host without a problem has one row, in which problem is NULL. So
whoever asks again and again knows which hosts still report. */ -}}
WITH {{template "problems" args "all" false "newest" standing_s}}, {{template "culprits"}}, {{template "standing" args "newest" standing_s}}
SELECT l.host, l.machine_id, l.node_role, l.env, l.last_ts, problem, {{template "culprit"}} AS culprit, unit, value, threshold, since, unknown_since, severity,
  routine, muted_until, mute_reason
FROM latest l LEFT JOIN found f ON f.host = l.host LEFT JOIN culprits c ON c.host = l.host
ORDER BY l.host, problem

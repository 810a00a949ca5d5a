{{- /* The hosts that are silent, and the problems of the others that go on at their newest sample: see the type Problem. A problem
that goes on since the begin of the range exists for longer: unknown_since says so. culprit says what it comes from. */ -}}
WITH {{template "problems" args "all" false}}, {{template "culprits"}}, found AS (
  SELECT host, node_role, env, '{{silent_name}}' AS problem, 'duration' AS unit, {{to}} - last_ts AS value, last_ts AS since,
    false AS unknown_since, 2 AS severity
  FROM latest
  WHERE {{template "silent"}}
  UNION ALL
  SELECT l.host, l.node_role, l.env, e.problem, e.unit, e.value, e.since, e.since < {{from}} + {{problem_window}} AS unknown_since, e.severity
  FROM latest l JOIN episodes e ON e.host = l.host
  WHERE NOT ({{template "silent"}}) AND e.goes_on AND e.until > l.last_ts - 2e0 * {{problem_window}} - {{template "reach"}}
)
SELECT f.host, node_role, env, problem, {{template "culprit"}} AS culprit, unit, value, since, unknown_since, severity
FROM found f LEFT JOIN culprits c ON c.host = f.host
ORDER BY severity DESC, since DESC, f.host, problem

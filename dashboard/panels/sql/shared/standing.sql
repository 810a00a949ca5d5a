{{- /* The hosts that are silent, and the problems of the others that go on at their newest sample: see the type Problem. A problem
that goes on since the first value that was read exists for longer: unknown_since says so. routine says that the host is as busy as
usual. threshold is the one that the value has passed. */ -}}
{{define "standing"}}found AS (
  SELECT l.host, r.problem, r.unit, {{to}} - l.last_ts AS value, CAST(NULL AS double) AS threshold, l.last_ts AS since,
    false AS unknown_since, 2 AS severity, false AS routine, r.muted_until, r.mute_reason
  FROM latest l JOIN limits r ON r.host = l.host AND r.problem = '{{silent_name}}'
  WHERE {{template "silent"}} AND l.last_ts < {{to}} - {{delay}} - r.for_s
  UNION ALL
  SELECT l.host, e.problem, e.unit, e.value, CASE WHEN r.warn > 0 THEN CASE e.severity WHEN 2 THEN r.critical ELSE r.warn END END AS threshold, e.since,
    e.since < CASE e.problem WHEN '{{forecast_name}}' THEN {{from}} ELSE {{begin_of .newest}} END + {{problem_window}} AS unknown_since, e.severity, e.routine, r.muted_until, r.mute_reason
  FROM latest l JOIN episodes e ON e.host = l.host JOIN limits r ON r.host = e.host AND r.problem = e.problem
  WHERE NOT ({{template "silent"}}) AND e.goes_on AND e.until > l.last_ts - 2e0 * {{problem_window}} - {{template "reach"}}
){{end}}

{{- /* The hosts that have the problem Silent, and the problems of hosts whose newest sample is new enough to say how they are, as far as these
go on at that sample: see the type Rule. A problem that has gone on since the first value that was read may be older: unknown_since says so.
routine says that the host is as busy as usual. threshold is the one that the value has passed. A host that does not have the problem Silent
has a row in which problem is NULL. */ -}}
{{define "standing"}}found AS (
  SELECT host{{known}}{{range list "problem" "unit" "value" "threshold" "since" "unknown_since" "severity" "routine" "muted_until" "mute_reason"}},
    CASE WHEN severity > 0 THEN {{.}} END AS {{.}}{{end}}
  FROM (
    SELECT host{{known}}, problem, unit, since, severity, routine, muted_until, mute_reason,
      CASE problem WHEN '{{shared_name}}' THEN 1e0 * shared_by ELSE value END AS value,
      CASE WHEN problem NOT IN ('{{shared_name}}', '{{silent_name}}') THEN CASE severity WHEN 2 THEN critical ELSE warn END END AS threshold,
      problem <> '{{silent_name}}' AND since < CASE problem WHEN '{{forecast_name}}' THEN {{from}} ELSE {{begin_of .newest}} END + {{problem_window}} AS unknown_since
    FROM episodes
    WHERE problem = '{{silent_name}}' OR NOT ({{template "silent"}}) AND goes_on AND until > last_ts - 2e0 * {{problem_window}} - {{template "stale_after"}}
  ) AS standing
){{end}}

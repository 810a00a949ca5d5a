{{- /* The rules of each host, with what an operator changed: see the type Rules. If nothing was changed, the engine need not look. */ -}}
{{define "limits"}}
{{- if not overrides}}limits AS (
  SELECT l.host, r.problem, r.unit, r.warn, r.critical, r.clear, r.for_s, r.usual, CAST(NULL AS double) AS muted_until, CAST(NULL AS varchar) AS mute_reason
  FROM latest l CROSS JOIN rules r
)
{{- else}}changes AS (
  SELECT place, problem, warn, critical, clear, for_s, usual, muted_until, mute_reason
  FROM (VALUES {{override_rows}}) AS c (place, problem, warn, critical, clear, for_s, usual, muted_until, mute_reason)
), chosen_hosts AS (
  {{- range $i, $o := overrides}}{{if $i}}
  UNION ALL{{end}}
  SELECT host, {{$i}} AS place
  FROM latest
  WHERE {{hosts_of $o}}
  {{- end}}
), changed AS (
  SELECT s.host, c.problem, max(c.warn) AS warn, max(c.critical) AS critical, max(c.clear) AS clear, max(c.for_s) AS for_s, max(c.usual) AS usual,
    max(CASE WHEN c.muted_until > {{to}} THEN c.muted_until END) AS muted_until,
    max_by(c.mute_reason, CASE WHEN c.muted_until > {{to}} THEN c.muted_until END) AS mute_reason
  FROM chosen_hosts s JOIN changes c ON c.place = s.place
  GROUP BY 1, 2
), limits AS (
  SELECT l.host, r.problem, r.unit, coalesce(c.warn, r.warn) AS warn, coalesce(c.critical, r.critical) AS critical, coalesce(c.clear, r.clear) AS clear,
    coalesce(c.for_s, r.for_s) AS for_s, coalesce(c.usual, r.usual) AS usual, c.muted_until, c.mute_reason
  FROM latest l CROSS JOIN rules r LEFT JOIN changed c ON c.host = l.host AND c.problem = r.problem
)
{{- end}}{{end}}

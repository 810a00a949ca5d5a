{{- /* The hosts that are silent, and those whose newest mean over five minutes is at or above a threshold. It is a mean
because a single high reading is not a problem, and a single low reading does not end one. A problem exists since the end of
the last five minutes without it. If there are none, it exists at least since the first five minutes of the range. */ -}}
WITH means AS (
  SELECT host, floor(ts / 300) * 300 AS t, max(ts) AS last_ts, max(interval_s) AS interval_s, max(node_role) AS node_role, max(environment) AS env,
    avg(cpu_pct) AS cpu, avg(ram_pct) AS ram, avg(disk_busy_pct) AS busy, avg(disk_used_pct) AS used, avg(errors) AS errors, avg(pressure) AS pressure,
    avg(inodes_used_pct) AS inodes, count(DISTINCT machine_id) AS machines
  FROM {{samples "host" "interval_s" "node_role" "environment" "cpu_pct" "ram_pct" "disk_busy_pct" "disk_used_pct" "errors" "pressure"
    "inodes_used_pct" "machine_id"}}
  GROUP BY 1, 2
), latest AS (
  SELECT host, max(last_ts) AS last_ts, max(interval_s) AS interval_s, min(t) AS first_t, max(node_role) AS node_role, max(env) AS env
    {{- range problems}},
    max_by({{.Column}}, CASE WHEN {{.Column}} IS NOT NULL THEN t END) AS {{.Column}}, max(CASE WHEN {{.Column}} < {{.Warn}} THEN t END) AS {{.Column}}_ok
    {{- end}}
  FROM means
  GROUP BY host
), found AS (
  SELECT host, node_role, env, 'Silent' AS problem, 'duration' AS unit, {{to}} - last_ts AS value, last_ts AS since, 2 AS severity
  FROM latest
  WHERE {{template "silent"}}
  {{- range problems}}
  UNION ALL
  SELECT host, node_role, env, '{{.Name}}' AS problem, '{{.Unit}}' AS unit, {{.Column}} AS value, coalesce({{.Column}}_ok + 300, first_t) AS since,
    CASE WHEN {{.Column}} >= {{.Critical}} THEN 2 ELSE 1 END AS severity
  FROM latest
  WHERE NOT ({{template "silent"}}) AND {{.Column}} >= {{.Warn}}
  {{- end}}
)
SELECT host, node_role, env, problem, unit, value, since, severity
FROM found
ORDER BY severity DESC, since DESC, host, problem

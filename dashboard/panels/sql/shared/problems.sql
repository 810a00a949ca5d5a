{{- /* Common table expressions for the problems of hosts, from when to when: see the type Problem. The argument "all" asks for
those of the whole range. Without it, only hosts are looked at that may have a problem at the end of the range, which is much
faster: a problem is over if the newest mean is below its lower threshold. */ -}}
{{define "problems"}}rules AS (
  SELECT problem, unit, warn, critical, clear FROM (VALUES {{rules}}) AS r (problem, unit, warn, critical, clear)
), hourly AS (
  SELECT host, floor(ts / 3600) AS h, min(ts) AS first_ts, max(ts) AS last_ts, max(interval_s) AS interval_s, max(node_role) AS node_role,
    max(environment) AS env, avg(CASE WHEN disk_used_pct IS NOT NULL THEN (ts - {{to}}) / 86400 END) AS days, avg(disk_used_pct) AS used,
    max(CASE WHEN disk_used_pct IS NOT NULL THEN ts END) AS used_ts,
    min(machine_id) <> max(machine_id) AS several
  FROM {{samples "host" "interval_s" "node_role" "environment" "disk_used_pct" "machine_id"}}
  GROUP BY 1, 2
), latest AS (
  SELECT host, max(last_ts) AS last_ts, max_by(interval_s, h) AS interval_s, max_by(node_role, h) AS node_role, max_by(env, h) AS env
  FROM hourly
  GROUP BY host
), suspects AS (
  {{- if .all}}
  SELECT host, problem
  FROM (
    SELECT host, {{range $i, $p := problems}}{{if $i}}, {{end}}max({{.Column}}) AS {{.Column}}{{end}}
    FROM {{samples "host" problem_columns}}
    GROUP BY host
  ) AS extremes CROSS JOIN rules
  WHERE {{template "value_of_problem"}} >= warn
  {{- else}}
  SELECT host, problem
  FROM (
    SELECT host, {{means problem_columns}}
    FROM (
      SELECT *, max(t) OVER (PARTITION BY host) AS newest
      FROM (
        SELECT host, floor(ts / 60) * 60 AS t, {{means problem_columns}}
        FROM {{samples "host" problem_columns}}
        WHERE ts >= {{to}} - 3600
        GROUP BY 1, 2
      ) AS minutes
    ) AS recent
    WHERE t > newest - {{problem_window}}
    GROUP BY host
  ) AS newest CROSS JOIN rules
  WHERE {{template "value_of_problem"}} >= clear
  {{- end}}
), minutes AS (
  SELECT host, floor(ts / 60) * 60 AS t, count(*) AS samples, max(interval_s) AS interval_s, {{means problem_columns}}
  FROM {{samples "host" "interval_s" problem_columns}}
  WHERE host IN (SELECT host FROM suspects)
  GROUP BY 1, 2
), valued AS (
  SELECT m.host, s.problem, m.t, m.samples, m.interval_s, {{template "value_of_problem"}} AS value
  FROM minutes m JOIN suspects s ON s.host = m.host
), windows AS (
  SELECT host, problem, t, value, coalesce(interval_s, 3) AS interval_s,
    min(t) OVER {{template "problem_window"}} AS begin_t, sum(samples) OVER {{template "problem_window"}} AS samples,
    min(value) OVER {{template "problem_window"}} AS lowest, avg(value) OVER {{template "problem_window"}} AS mean
  FROM valued
  WHERE value IS NOT NULL
), lines AS (
  SELECT host, h, used_ts, used, count(*) OVER {{template "problem_hours"}} AS hours, min(first_ts) OVER {{template "problem_hours"}} AS first_ts,
    regr_slope(used, days) OVER {{template "problem_hours"}} AS per_day,
    corr(used, days) OVER {{template "problem_hours"}} AS straight
  FROM hourly
  WHERE used IS NOT NULL
), forecasts AS (
  SELECT host, h, used_ts, CASE WHEN hours > 6 THEN used_ts ELSE first_ts END AS begin_t, hours, straight,
    CASE WHEN per_day > 0 THEN 86400 * (100 - used) / per_day END AS full_in
  FROM lines
), shared AS (
  SELECT host, floor(ts / {{problem_window}}) * {{problem_window}} AS t, count(DISTINCT machine_id) AS machines
  FROM {{samples "host" "machine_id"}}
  WHERE host IN (SELECT host FROM hourly WHERE several)
  GROUP BY 1, 2
), judged AS (
  SELECT w.host, w.problem, r.unit, w.t, w.begin_t, w.t + 60 AS end_t, w.mean AS value, CASE WHEN w.mean >= r.critical THEN 2 ELSE 1 END AS severity,
    w.lowest >= r.warn AND w.samples * w.interval_s >= {{problem_window}} / 2e0 AS raised, w.mean < r.clear AS cleared
  FROM windows w JOIN rules r ON r.problem = w.problem
  UNION ALL
  SELECT host, '{{forecast.Name}}' AS problem, '{{forecast.Unit}}' AS unit, used_ts AS t, begin_t, used_ts AS end_t, full_in AS value,
    CASE WHEN full_in <= {{forecast.Critical}} THEN 2 ELSE 1 END AS severity,
    coalesce(hours >= 6 AND straight >= 0.9 AND full_in <= {{forecast.Warn}}, false) AS raised,
    coalesce(straight < 0.8 OR full_in > {{forecast.Clear}}, true) AS cleared
  FROM forecasts
  UNION ALL
  SELECT host, '{{shared_name}}' AS problem, 'count' AS unit, t, t AS begin_t, t + {{problem_window}} AS end_t, CAST(machines AS double) AS value, 2 AS severity,
    machines > 1 AS raised, machines < 2 AS cleared
  FROM shared
), turns AS (
  SELECT host, problem, unit, t, begin_t, end_t, value, severity,
    coalesce(max(CASE WHEN raised THEN t END) OVER {{template "problem_past"}}, 0) > coalesce(max(CASE WHEN cleared THEN t END) OVER {{template "problem_past"}}, 0) AS standing,
    max(CASE WHEN cleared THEN t END) OVER {{template "problem_past"}} AS cleared_t, max(t) OVER (PARTITION BY host, problem) AS newest_t
  FROM judged
), episodes AS (
  SELECT host, problem, max(unit) AS unit, min(begin_t) AS since, max(end_t) AS until, max_by(value, t) AS value, max_by(severity, t) AS severity,
    max(severity) AS worst, max(t) = max(newest_t) AS goes_on
  FROM turns
  WHERE standing
  GROUP BY host, problem, coalesce(cleared_t, 0)
){{end}}

{{define "value_of_problem"}}CASE problem{{range problems}} WHEN '{{.Name}}' THEN {{.Column}}{{end}} END{{end}}
{{define "problem_window"}}(PARTITION BY host, problem ORDER BY t RANGE BETWEEN {{problem_window}} - 60 PRECEDING AND CURRENT ROW){{end}}
{{define "problem_hours"}}(PARTITION BY host ORDER BY h RANGE BETWEEN 11 PRECEDING AND CURRENT ROW){{end}}
{{define "problem_past"}}(PARTITION BY host, problem ORDER BY t ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW){{end}}

{{- /* Common table expressions for the problems of hosts, from when to when: see the type Problem. The argument "all" asks for
those of the whole range. Without it, only hosts are looked at that may have a problem at the end of the range, which is much
faster: a problem is over if the newest mean is below its lower threshold. The argument "newest" is how many seconds before the
end of the range the values of each minute are read; 0 means the whole range. */ -}}
{{define "problems"}}rules AS (
  SELECT problem, unit, warn, critical, clear, for_s, usual
  FROM (VALUES {{rules}}) AS r (problem, unit, warn, critical, clear, for_s, usual)
), hourly AS (
  SELECT host, floor(ts / 3600) AS h, min(first_ts) AS first_ts, max(ts) AS last_ts, max(interval_s) AS interval_s, max(node_role) AS node_role,
    max(environment) AS env, {{mean (print "CASE WHEN disk_used_pct IS NOT NULL THEN (ts - " to ") / 86400 END")}} AS days, {{mean "disk_used_pct"}} AS used,
    max(CASE WHEN disk_used_pct IS NOT NULL THEN ts END) AS used_ts, max(machine_id) AS machine_id,
    min(machine_id) <> max(machine_id) AS several{{if overrides_by_tag}}, {{last "tags"}}{{end}}
  FROM {{samples "host" "interval_s" "node_role" "environment" "disk_used_pct" "machine_id" "first_ts" tags_of_overrides}}
  GROUP BY 1, 2
), latest AS (
  SELECT host, max(last_ts) AS last_ts, max_by(interval_s, h) AS interval_s, max_by(node_role, h) AS node_role, max_by(env, h) AS env,
    max_by(machine_id, h) AS machine_id{{if overrides_by_tag}}, max_by(tags, CASE WHEN tags IS NOT NULL THEN h END) AS tags{{end}}
  FROM hourly
  GROUP BY host
), {{template "limits"}}, suspects AS (
  {{- if .all}}
  SELECT e.host, r.problem
  FROM (
    SELECT host, {{range $i, $p := minute_problems}}{{if $i}}, {{end}}{{high .Column}} AS {{.Column}}{{end}}
    FROM {{samples "host" problem_columns}}
    GROUP BY host
  ) AS e JOIN limits r ON r.host = e.host
  WHERE {{template "value_of_problem"}} >= r.warn
  {{- else}}
  SELECT n.host, r.problem
  FROM (
    SELECT host, {{averages problem_columns}}
    FROM (
      SELECT *, max(t) OVER (PARTITION BY host) AS newest
      FROM (
        SELECT host, floor(ts / 60) * 60 AS t, {{means problem_columns}}
        FROM {{newest 3600 "host" problem_columns}}
        GROUP BY 1, 2
      ) AS minutes
    ) AS recent
    WHERE t > newest - {{problem_window}}
    GROUP BY host
  ) AS n JOIN limits r ON r.host = n.host
  WHERE {{template "value_of_problem"}} >= r.clear
  {{- end}}
), minutes AS (
  SELECT host, floor(ts / 60) * 60 AS t, {{count}} AS samples, max(interval_s) AS interval_s, {{means problem_columns}}
  FROM {{newest .newest "host" "interval_s" problem_columns}}
  WHERE host IN (SELECT host FROM suspects)
  GROUP BY 1, 2
), valued AS (
  SELECT m.host, r.problem, m.t, m.samples, m.interval_s, r.for_s, r.unit, r.warn, r.critical, r.clear, {{template "value_of_problem"}} AS value
  FROM minutes m JOIN suspects s ON s.host = m.host JOIN limits r ON r.host = s.host AND r.problem = s.problem
), windows AS (
  SELECT host, problem, t, value, for_s, unit, warn, critical, clear, coalesce(interval_s, 3) AS interval_s,
    CASE for_s{{range lengths}} WHEN {{.}} THEN min(t) OVER {{template "minutes_before" .}}{{end}} END AS begin_t,
    CASE for_s{{range lengths}} WHEN {{.}} THEN sum(samples) OVER {{template "minutes_before" .}}{{end}} END AS samples,
    CASE for_s{{range lengths}} WHEN {{.}} THEN min(value) OVER {{template "minutes_before" .}}{{end}} END AS lowest,
    avg(value) OVER {{template "minutes_before" problem_window}} AS mean
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
  FROM {{newest .newest "host" "machine_id"}}
  WHERE host IN (SELECT host FROM hourly WHERE several)
  GROUP BY 1, 2
), judged AS (
  SELECT host, problem, unit, t, begin_t, t + 60 AS end_t, mean AS value, CASE WHEN mean >= critical THEN 2 ELSE 1 END AS severity,
    lowest >= warn AND samples * interval_s >= for_s / 2e0 AS raised, mean < clear AS cleared
  FROM windows
  UNION ALL
  SELECT f.host, r.problem, r.unit, f.used_ts AS t, f.begin_t, f.used_ts AS end_t, f.full_in AS value,
    CASE WHEN f.full_in <= r.critical THEN 2 ELSE 1 END AS severity,
    coalesce(f.hours >= 6 AND f.straight >= 0.9 AND f.full_in <= r.warn, false) AS raised,
    coalesce(f.straight < 0.8 OR f.full_in > r.clear, true) AS cleared
  FROM forecasts f JOIN limits r ON r.host = f.host AND r.problem = '{{forecast_name}}'
  UNION ALL
  SELECT host, '{{shared_name}}' AS problem, 'count' AS unit, t, t AS begin_t, t + {{problem_window}} AS end_t, CAST(machines AS double) AS value, 2 AS severity,
    machines > 1 AS raised, machines < 2 AS cleared
  FROM shared
), {{template "usual" .}}, turns AS (
  SELECT j.host, j.problem, j.unit, j.t, j.begin_t, j.end_t, j.value, j.severity, CASE WHEN j.severity = 2 AND j.problem IN ({{critical_told}}) THEN 0 ELSE coalesce(u.busy, 0) END AS busy,
    coalesce(max(CASE WHEN j.raised THEN j.t END) OVER {{template "problem_past"}}, 0) > coalesce(max(CASE WHEN j.cleared THEN j.t END) OVER {{template "problem_past"}}, 0) AS standing,
    max(CASE WHEN j.cleared THEN j.t END) OVER {{template "problem_past"}} AS cleared_t, max(j.t) OVER (PARTITION BY j.host, j.problem) AS newest_t
  FROM judged j LEFT JOIN usual u ON u.host = j.host AND u.problem = j.problem AND u.q = floor(j.t / {{usual_step}})
), episodes AS (
  SELECT host, problem, max(unit) AS unit, min(begin_t) AS since, max(end_t) AS until, max_by(value, t) AS value, max_by(severity, t) AS severity,
    max(severity) AS worst, max(t) = max(newest_t) AS goes_on, min(CASE WHEN busy = 0 THEN end_t END) AS unusual_t,
    max_by(busy, t) = 1 AND max(end_t) - min(begin_t) < {{routine}} AS routine, min(busy) = 1 AND max(end_t) - min(begin_t) < {{routine}} AS always_routine
  FROM turns
  WHERE standing
  GROUP BY host, problem, coalesce(cleared_t, 0)
){{end}}

{{define "value_of_problem"}}CASE r.problem{{range minute_problems}} WHEN '{{.Name}}' THEN {{.Column}}{{end}} END{{end}}
{{define "minutes_before"}}(PARTITION BY host, problem ORDER BY t RANGE BETWEEN {{.}} - 60 PRECEDING AND CURRENT ROW){{end}}
{{define "problem_hours"}}(PARTITION BY host ORDER BY h RANGE BETWEEN 11 PRECEDING AND CURRENT ROW){{end}}
{{define "problem_past"}}(PARTITION BY j.host, j.problem ORDER BY j.t ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW){{end}}

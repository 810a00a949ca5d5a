{{- /* Common table expressions for the problems of hosts, from when to when: see the type Rule. If the argument "all" is true, these are
the problems of the whole range. Otherwise the query looks only at hosts that may have a problem at the end of the range, and of these hosts
only at the few values since the problem was last over. That is much faster. A problem is over if the newest mean is below the column clear
of its rule. The forecast is over if the newest line is not straight, or if the filesystem will be full later than the column clear says.
The argument "newest" is a number of seconds: the values of each minute are read for so long before the end of the range. 0 means the whole
range.

Each expression that reads samples is named once: Athena's engine puts the text of an expression wherever it is named, and reads the samples
again there. So each relation carries all columns that later relations need of a host: see the function known. */ -}}
{{define "problems"}}rules AS (
  SELECT problem, unit, warn, critical, clear, for_s, usual
  FROM (VALUES {{rules}}) AS r (problem, unit, warn, critical, clear, for_s, usual)
), hosts AS (
  {{- if .all}}
  SELECT host, max(node_role) AS node_role, max(environment) AS env, {{range minute_rules}}{{high .Column}} AS {{.Column}}, {{end}}
    CASE WHEN min(machine_id) <> max(machine_id) THEN 2e0 ELSE 1e0 END AS machines{{if overrides_by_tag}}, {{last "tags"}}{{end}}
  FROM {{samples "host" "machine_id" "node_role" "environment" problem_columns tags_of_overrides}}
  GROUP BY host
  {{- else}}
  SELECT host, max(last_ts) AS last_ts, {{last_by "t" "interval_s"}} AS interval_s, max(node_role) AS node_role, max(env) AS env,
    {{last_by "t" "machine_id"}} AS machine_id, {{last_by "t" "mount"}} AS mount, {{last_by "t" "device"}} AS device, {{waits}} AS waits,
    count(DISTINCT machine_id) AS shared_by, 1e0 * count(DISTINCT machine_id) AS machines, {{averages problem_columns}}
    {{- if overrides_by_tag}}, {{last_by "t" "tags"}} AS tags{{end}}
  FROM (
    SELECT host, machine_id, t, max(ts) AS last_ts, max(interval_s) AS interval_s, max(node_role) AS node_role,
      max(environment) AS env, max(disk_used_mount) AS mount, max(disk_busy_device) AS device, {{means problem_columns}}, {{means pressure_columns}}
      {{- if overrides_by_tag}}, {{last "tags"}}{{end}}
    FROM (
      SELECT *, max(t) OVER (PARTITION BY host) AS newest_t
      FROM (
        SELECT *, floor(ts / 60) * 60 AS t
        FROM {{newest 3600 "host" "machine_id" "interval_s" "node_role" "environment" "disk_used_mount" "disk_busy_device" problem_columns
          pressure_columns tags_of_overrides}}
      ) AS timed
    ) AS recent
    WHERE t > newest_t - {{problem_window}}
    GROUP BY 1, 2, 3
  ) AS minutes
  GROUP BY host
  {{- end}}
), suspects AS (
  SELECT host, problem, unit, {{effective_columns "warn" "critical" "clear" "for_s" "usual"}}{{if not .all}}, {{effective_columns "muted_until" "mute_reason"}}{{known}}{{end}}
  FROM {{with_overrides "hosts"}} AS h CROSS JOIN rules
  WHERE CASE problem WHEN '{{shared_name}}' THEN machines ELSE {{value_of_problem}} END >= {{if .all}}{{effective "warn"}}{{else}}{{effective "clear"}}{{end}}
), minutes AS (
  {{minutes_of_suspects "problem_minutes" .newest .}}
), readings AS (
  SELECT *,
    CASE WHEN problem <> '{{shared_name}}' THEN reading
      WHEN min(lowest_id) OVER {{template "minutes_before" problem_window}} <> max(highest_id) OVER {{template "minutes_before" problem_window}} THEN 2e0 ELSE 1e0 END AS value
  FROM {{if .all}}minutes{{else}}(
    SELECT *, max(CASE WHEN recent_mean < clear THEN t END) OVER (PARTITION BY host, problem) AS last_cleared_t
    FROM (
      SELECT *, CASE WHEN problem <> '{{shared_name}}' THEN avg(reading) OVER {{template "minutes_before" problem_window}} END AS recent_mean
      FROM minutes
    ) AS means
  ) AS cleared{{end}}
  WHERE reading IS NOT NULL{{if not .all}} AND t > coalesce(last_cleared_t - for_s - {{problem_window}}, 0){{end}}
), windows AS (
  SELECT {{if keeps}}s.*, w.t, w.step_s, w.begin_t, w.counted, w.lowest, w.mean{{else}}*{{end}}
  FROM (
    SELECT {{if keeps}}host, problem, t, step_s{{else}}*{{end}},
      CASE for_s{{range lengths}} WHEN {{.}} THEN min(t) OVER {{template "minutes_before" .}}{{end}} END AS begin_t,
      CASE for_s{{range lengths}} WHEN {{.}} THEN sum(samples) OVER {{template "minutes_before" .}}{{end}} END AS counted,
      CASE for_s{{range lengths}} WHEN {{.}} THEN min(value) OVER {{template "minutes_before" .}}{{end}} END AS lowest,
      avg(value) OVER {{template "minutes_before" problem_window}} AS mean
    FROM readings
  ) AS w{{if keeps}} JOIN suspects s ON s.host = w.host AND s.problem = w.problem{{end}}
), hourly AS (
  {{hours "problem_hours" .}}
), lines AS (
  SELECT *, count(used) OVER {{template "problem_hours_before"}} AS hours,
    min(CASE WHEN used IS NOT NULL THEN first_ts END) OVER {{template "problem_hours_before"}} AS line_ts,
    regr_slope(used, days) OVER {{template "problem_hours_before"}} AS per_day, corr(used, days) OVER {{template "problem_hours_before"}} AS straight
  FROM (
    {{- if not .all}}
    SELECT *
    FROM (
      SELECT *, coalesce(corr(newest_used, days) OVER (PARTITION BY host) >= 0.79
        AND 86400 * (100 - max(CASE WHEN h = used_h THEN used END) OVER (PARTITION BY host)) <= {{forecast_clear}} * regr_slope(newest_used, days) OVER (PARTITION BY host), false) AS fills
      FROM (
        SELECT *, CASE WHEN h > used_h - 12 THEN used END AS newest_used
        FROM ({{template "problem_hours_of_host"}}) AS of_host
      ) AS newest
    ) AS filling
    WHERE fills OR h = newest_h
    {{- else}}
    {{template "problem_hours_of_host"}}
    {{- end}}
  ) AS rows_of_lines
), hours AS (
  SELECT l.*, problem, unit, {{effective_columns "warn" "critical" "clear" "for_s" "usual" "muted_until" "mute_reason"}},
    CASE WHEN problem = '{{silent_name}}' THEN last_ts WHEN hours > 6 THEN used_ts ELSE line_ts END AS begin_t,
    CASE WHEN problem = '{{silent_name}}' THEN last_ts ELSE used_ts END AS end_t,
    CASE WHEN problem = '{{silent_name}}' THEN {{to}} - last_ts WHEN per_day > 0 THEN 86400 * (100 - used) / per_day END AS value
  FROM {{with_overrides "lines"}} AS l CROSS JOIN rules
  WHERE problem = '{{forecast_name}}' AND used IS NOT NULL{{if not .all}} AND fills OR problem = '{{silent_name}}' AND h = newest_h{{end}}
), judged AS (
  SELECT host, problem, unit, t, begin_t, t + 60 AS end_t, mean AS value, CASE WHEN mean >= critical THEN 2 ELSE 1 END AS severity,
    lowest >= warn AND counted * step_s >= for_s / 2e0 AS raised, mean < clear AS cleared, usual
    {{- if not .all}}, warn, critical, muted_until, mute_reason{{known}}{{end}}
  FROM windows
  UNION ALL
  SELECT host, problem, unit, end_t AS t, begin_t, end_t, value,
    CASE WHEN problem = '{{silent_name}}' THEN CASE WHEN {{template "silent"}} AND last_ts < {{to}} - {{delay}} - for_s THEN 2 ELSE 0 END
      WHEN value <= critical THEN 2 ELSE 1 END AS severity,
    problem = '{{silent_name}}' OR coalesce(hours >= 6 AND straight >= 0.9 AND value <= warn, false) AS raised,
    problem <> '{{silent_name}}' AND coalesce(straight < 0.8 OR value > clear, true) AS cleared, usual{{if not .all}}, warn, critical, muted_until, mute_reason{{known}}{{end}}
  FROM hours
), {{template "usual" .}}, turns AS (
  SELECT j.*,
    CASE WHEN j.severity < 2 OR j.problem NOT IN ({{critical_reported}}) THEN CASE WHEN CASE j.problem{{range usual_rules}} WHEN '{{.Name}}' THEN u.{{.Column}}{{end}} END >= j.usual THEN 1 ELSE 0 END ELSE 0 END AS busy,
    coalesce(max(CASE WHEN j.raised THEN j.t END) OVER {{template "problem_past"}}, 0) > coalesce(max(CASE WHEN j.cleared THEN j.t END) OVER {{template "problem_past"}}, 0) AS standing,
    max(CASE WHEN j.cleared THEN j.t END) OVER {{template "problem_past"}} AS cleared_t, max(j.t) OVER (PARTITION BY j.host, j.problem) AS newest_t
  FROM judged j LEFT JOIN usual u ON u.host = j.host AND u.q = floor(j.t / {{usual_step}})
), episodes AS (
  SELECT host, problem, max(unit) AS unit, min(begin_t) AS since, max(end_t) AS until, max_by(value, t) AS value, max_by(severity, t) AS severity,
    max(severity) AS worst, max(t) = max(newest_t) AS goes_on, min(CASE WHEN busy = 0 THEN end_t END) AS unusual_t,
    max_by(busy, t) = 1 AND max(end_t) - min(begin_t) < {{routine}} AS routine, min(busy) = 1 AND max(end_t) - min(begin_t) < {{routine}} AS always_routine
    {{- if not .all}}, max(warn) AS warn, max(critical) AS critical, max(muted_until) AS muted_until, max(mute_reason) AS mute_reason{{known_of_rows}}{{end}}
  FROM turns
  WHERE standing
  GROUP BY host, problem, coalesce(cleared_t, 0)
){{end}}

{{- /* The value of each suspect in each minute. The other columns of a suspect are copied only for an engine that cannot look them
up later, when few rows are left: windows over many columns are slow. */ -}}
{{define "problem_minutes"}}SELECT s.host, problem, floor(ts / 60) * 60 AS t, {{of_suspect .all}}, {{count}} AS samples, coalesce(max(chosen.interval_s), 3) AS step_s,
      min({{template "id_of_shared"}}) AS lowest_id, max({{template "id_of_shared"}}) AS highest_id,
      CASE WHEN problem <> '{{shared_name}}' THEN {{mean value_of_problem}}
        WHEN min({{template "id_of_shared"}}) <> max({{template "id_of_shared"}}) THEN 2e0 ELSE 1e0 END AS reading
    FROM {{samples "host" "interval_s" "machine_id" problem_columns}} JOIN suspects s ON s.host = chosen.host
    GROUP BY 1, 2, 3{{end}}
{{define "id_of_shared"}}CASE WHEN problem = '{{shared_name}}' THEN chosen.machine_id END{{end}}

{{- /* Of each host and hour: how full the fullest filesystem is, and what else is known of the host. */ -}}
{{define "problem_hours"}}SELECT host, floor(ts / 3600) AS h, min(first_ts) AS first_ts,
    {{mean (print "CASE WHEN disk_used_pct IS NOT NULL THEN ((first_ts + ts) / 2 - " to ") / 86400 END")}} AS days, {{mean "disk_used_pct"}} AS used,
    max(CASE WHEN disk_used_pct IS NOT NULL THEN ts END) AS used_ts, max(ts) AS hour_ts, max(interval_s) AS hour_interval_s
    {{- if or overrides (not .all)}}, max(node_role) AS node_role, max(environment) AS env{{if overrides_by_tag}}, {{last "tags"}}{{end}}{{end}}
    {{- if not .all}}, max(machine_id) AS machine_id, max(disk_used_mount) AS mount,
    CAST(NULL AS varchar) AS device, CAST(NULL AS varchar) AS waits, CAST(NULL AS bigint) AS shared_by{{end}}
  FROM {{samples "host" "interval_s" "node_role" "environment" "disk_used_pct" "disk_used_mount" "machine_id" "first_ts" tags_of_overrides}}
  GROUP BY 1, 2{{end}}

{{- /* The hours of each host, with columns about all hours of the host: the newest hour, the newest one that says how full the filesystem is, and so on. */ -}}
{{define "problem_hours_of_host"}}SELECT *, max(h) OVER (PARTITION BY host) AS newest_h, max(CASE WHEN used IS NOT NULL THEN h END) OVER (PARTITION BY host) AS used_h,
          max(hour_ts) OVER (PARTITION BY host) AS last_ts, {{last_by "h" "hour_interval_s"}} OVER (PARTITION BY host) AS interval_s
        FROM hourly{{end}}

{{define "minutes_before"}}(PARTITION BY host, problem ORDER BY t RANGE BETWEEN {{.}} - 60 PRECEDING AND CURRENT ROW){{end}}
{{define "problem_hours_before"}}(PARTITION BY host ORDER BY h RANGE BETWEEN 11 PRECEDING AND CURRENT ROW){{end}}
{{define "problem_past"}}(PARTITION BY j.host, j.problem ORDER BY j.t ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW){{end}}

{{- /* Whether a host was busy at the same time of day on the days before: see the type Limits. q counts the buckets of time. busy is 1
or 0. */ -}}
{{define "usual"}}before AS (
  SELECT host, floor(ts / {{usual_step}}) + days_ago * (86400 / {{usual_step}}) AS q, {{means usual_columns}}
  FROM {{days_before .all "host" "interval_s" usual_columns}}
  WHERE host IN (SELECT host FROM suspects WHERE problem IN ({{usual_names}}))
  GROUP BY host, floor(ts / {{usual_step}}), days_ago
  HAVING {{count}} * coalesce(max(interval_s), 3) >= {{usual_step}} / 2e0
), usual AS (
  SELECT b.host, r.problem, b.q + near.step AS q, max(CASE WHEN CASE r.problem{{range usual_problems}} WHEN '{{.Name}}' THEN b.{{.Column}}{{end}} END >= r.usual THEN 1 ELSE 0 END) AS busy
  FROM before b JOIN limits r ON r.host = b.host AND r.usual IS NOT NULL
    CROSS JOIN UNNEST({{steps usual_first usual_last "1"}}) AS near (step)
  GROUP BY 1, 2, 3
){{end}}

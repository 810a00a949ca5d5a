{{- /* How busy a host was at the same time of day on the days before: see the type Limits. q counts the buckets of time. */ -}}
{{define "usual"}}usual AS (
  SELECT b.host, b.q + near.step AS q{{range usual_rules}}, max(b.{{.Column}}) AS {{.Column}}{{end}}
  FROM {{days_before .all "busy_day"}} AS b CROSS JOIN UNNEST({{steps usual_first usual_last "1"}}) AS near (step)
  GROUP BY 1, 2
){{end}}

{{- /* The same of one day before, in buckets that have enough samples. The argument is how many days before it is. */ -}}
{{define "busy_day"}}SELECT host, floor(ts / {{usual_step}}) + {{.}} * (86400 / {{usual_step}}) AS q, {{means usual_columns}}
    FROM {{samples "host" "interval_s" usual_columns}}
    GROUP BY 1, 2
    HAVING {{count}} * coalesce(max(interval_s), 3) >= {{usual_step}} / 2e0{{end}}

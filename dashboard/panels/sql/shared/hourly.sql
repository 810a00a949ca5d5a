{{- /* The mean of a column for each host and hour. Hours are counted since 1970 by the viewer's clock. */ -}}
{{define "hourly"}}SELECT host, floor((ts + {{offset}}) / 3600) AS h, {{mean .}} AS value
  FROM {{samples "host" .}}
  GROUP BY 1, 2{{end}}

{{- /* The mean of a column over all hosts for each hour of the week; high is the highest mean of one host and hour. The
first day of 1970 was a Thursday. */ -}}
{{define "week"}}WITH hourly AS (
  {{template "hourly" .}}
)
SELECT mod(floor(h / 24) + 3, 7) AS weekday, mod(h, 24) AS hour, avg(value) AS value, max(value) AS high
FROM hourly
WHERE value IS NOT NULL
GROUP BY 1, 2
ORDER BY 1, 2
{{end}}

{{- /* Columns of all hosts over time. The argument "of" is the aggregate over hosts: sum or avg. */ -}}
{{define "over_hosts"}}WITH by_host AS (
  {{template "by_host" .columns}}
)
SELECT t, {{range .columns}}{{$.of}}({{.}}) AS {{.}}, {{end}}max(interval_s) AS interval_s
FROM by_host
GROUP BY t
ORDER BY t
{{end}}

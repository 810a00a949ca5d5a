{{- /* The means of columns for each host and time bucket. Panels that add up or average hosts use it, so that a host that
samples more often does not weigh more. */ -}}
{{define "by_host"}}SELECT host, {{bucket}} AS t, {{means .}}, max(interval_s) AS interval_s
  FROM {{samples "host" "interval_s" .}}
  GROUP BY 1, 2{{end}}

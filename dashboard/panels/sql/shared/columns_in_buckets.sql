{{- /* The means of columns in each time bucket and, if the argument "ends" is true, their highest values. */ -}}
{{define "columns_in_buckets"}}SELECT {{bucket}} AS t, {{range .columns}}{{mean .}} AS {{.}}, {{if $.ends}}{{high .}} AS {{.}}_high, {{end}}{{end}}max(interval_s) AS interval_s
FROM {{samples "interval_s" .columns}}
GROUP BY 1
ORDER BY 1
{{end}}

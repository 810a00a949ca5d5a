{{- /* The means of two columns for each host, with its environment. */ -}}
{{define "against"}}SELECT host, max(env) AS env, {{means .}}
FROM {{samples "host" "env" .}}
GROUP BY host
ORDER BY host
{{end}}

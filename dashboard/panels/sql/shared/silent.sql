{{- /* How many seconds a reading stands for its host. If a host does not say its interval, the collector's default counts. */ -}}
{{define "stale_after"}}3e0 * coalesce(interval_s, 3){{end}}

{{- /* Whether a host is silent: its newest sample is stale for longer than the time that samples take to arrive. */ -}}
{{define "silent"}}last_ts < {{to}} - {{delay}} - {{template "stale_after"}}{{end}}

{{- /* When each host was last seen. */ -}}
{{define "seen"}}SELECT host, max(ts) AS last_ts, {{last "interval_s"}}, max(node_role) AS node_role, max(environment) AS env
  FROM {{samples "host" "interval_s" "node_role" "environment"}}
  GROUP BY host{{end}}

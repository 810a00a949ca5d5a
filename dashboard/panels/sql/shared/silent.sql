{{- /* How many seconds a reading stands for its host. If a host does not say its interval, the collector's default counts. */ -}}
{{define "stale_after"}}3e0 * coalesce(interval_s, 3){{end}}

{{- /* Whether a host is silent: its newest sample is stale for longer than the time that samples take to arrive. */ -}}
{{define "silent"}}last_ts < {{to}} - {{delay}} - {{template "stale_after"}}{{end}}

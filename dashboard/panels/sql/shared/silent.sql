{{- /* Whether a host is silent: its newest sample is older than three of its intervals plus the time that samples take to
arrive. If a host does not say its interval, the collector's default counts. */ -}}
{{define "silent"}}last_ts < {{to}} - {{delay}} - 3e0 * coalesce(interval_s, 3){{end}}

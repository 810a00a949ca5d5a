{{- /* Whether the newest sample of a host is older than three of its intervals, on top of the time that samples take to
arrive. A host that does not say its interval has the collector's default. */ -}}
{{define "silent"}}last_ts < {{to}} - {{delay}} - 3e0 * coalesce(interval_s, 3){{end}}

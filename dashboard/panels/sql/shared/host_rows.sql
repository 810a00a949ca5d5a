{{- /* A column of hosts over time: lines of all hosts if these are few, or else rows of a heat map. See the kind HostRows. */ -}}
{{define "host_rows"}}WITH {{template "buckets" .}}, {{template "ranked" args "value" "value" "peak" "high"}}
SELECT b.host, b.t, b.value, b.low, b.high, b.interval_s, r.hosts
FROM buckets b JOIN ranked r ON r.host = b.host
WHERE r.place <= CASE WHEN r.hosts > {{few}} THEN {{host_rows}} ELSE {{series}} END
ORDER BY b.host, b.t
{{end}}

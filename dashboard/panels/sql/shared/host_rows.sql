{{- /* A column of hosts over time: lines if there are few hosts, or else rows of a heat map, both of the first hosts. See the kind HostRows. */ -}}
{{define "host_rows"}}WITH {{template "buckets" .}}, {{template "ranked" args "value" "value" "peak" "high"}}
SELECT b.host, b.t, b.value, b.low, b.high, b.interval_s, r.hosts
FROM buckets b JOIN ranked r ON r.host = b.host
WHERE r.place <= CASE WHEN r.hosts > {{few}} THEN {{host_rows}} ELSE {{series}} END
ORDER BY b.host, b.t
{{end}}

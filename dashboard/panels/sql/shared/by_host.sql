{{- /* The values of columns for each host and time bucket. Panels that add up or average hosts use it, so that a host that samples more
often does not weigh more, and one that samples less often than once a bucket is not missing in most buckets.

A reading stands for its host until the host's next one, but for at most three intervals: then the host is silent. The newest reading of a
host that is not silent stands for it until the end of the range, because later ones may be on their way. If the first reading of a range
comes within three intervals of the begin of the range, it stands for its host from that begin on. The first sample of a collector's session
has no rates; the rates of the reading before it are used. */ -}}
{{define "by_host"}}SELECT spans.host, CAST(grid.t AS double) AS t, {{range .}}spans.{{.}}, {{end}}spans.interval_s
  FROM (
    SELECT host, interval_s,
      {{- range .}}
      coalesce({{.}}, CASE WHEN t - before_t <= {{template "stale_after"}} THEN before_{{.}} END) AS {{.}},
      {{- end}}
      CAST(CASE WHEN before_t IS NULL AND t - {{template "stale_after"}} <= {{from}} THEN {{first_bucket}} ELSE t END AS bigint) AS begins,
      CAST(floor(CASE WHEN after_t - {{bucket_s}} <= t + {{template "stale_after"}} THEN after_t - {{bucket_s}}
        WHEN t + {{template "stale_after"}} < {{to}} AND (after_t IS NOT NULL OR {{template "silent"}}) THEN t + {{template "stale_after"}}
        ELSE {{to}} - 1e-3 END) AS bigint) AS ends
    FROM (
      SELECT host, t, last_ts, interval_s, lag(t) OVER (PARTITION BY host ORDER BY t) AS before_t, lead(t) OVER (PARTITION BY host ORDER BY t) AS after_t
        {{- range .}}, {{.}}, lag({{.}}) OVER (PARTITION BY host ORDER BY t) AS before_{{.}}{{end}}
      FROM {{by_bucket .}}
    ) AS readings
  ) AS spans CROSS JOIN UNNEST({{steps "spans.begins" "spans.ends" bucket_s}}) AS grid (t){{end}}

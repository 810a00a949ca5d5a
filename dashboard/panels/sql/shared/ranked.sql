{{- /* Common table expressions that give each host of buckets a place: first the one whose value is
highest now and the one with the highest peak, then those with the highest average value. hosts counts all of them. */ -}}
{{define "ranked"}}sums AS (
  SELECT host, avg({{.value}}) AS mean, max({{.peak}}) AS peak, 1e0 * max(CASE WHEN interval_s > 0 THEN interval_s ELSE 3 END) AS interval_s,
    CASE WHEN max(t) + {{bucket_s}} >= {{to}} - {{delay}} - 3e0 * coalesce(max(interval_s), 3) THEN max_by({{.value}}, t) END AS newest
  FROM buckets
  GROUP BY host
), places AS (
  SELECT host, mean, row_number() OVER (ORDER BY newest DESC NULLS LAST, host) AS now_place, row_number() OVER (ORDER BY peak DESC, host) AS peak_place
  FROM sums
), ranked AS (
  SELECT host, row_number() OVER (ORDER BY CASE WHEN now_place = 1 OR peak_place = 1 THEN 0 ELSE 1 END, mean DESC, host) AS place, count(*) OVER () AS hosts
  FROM places
){{end}}

{{- /* A column in each time bucket, for each host. */ -}}
{{define "buckets"}}buckets AS (
  SELECT host, t, {{.}} AS value, {{lowest .}} AS low, {{highest .}} AS high, interval_s
  FROM {{by_bucket . (lowest .) (highest .)}}
  WHERE {{.}} IS NOT NULL
){{end}}

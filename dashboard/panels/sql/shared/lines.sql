{{- /* A column over time, for each host or environment (by). The one that is highest now, the one with the highest
reading, and then those with the highest average are chosen; hosts counts all of them. */ -}}
{{define "lines"}}WITH buckets AS (
  SELECT {{.by}}, {{bucket}} AS t, {{mean .value}} AS value, {{low .value}} AS low, {{high .value}} AS high, max(interval_s) AS interval_s
  FROM {{samples .by "interval_s" .value}}
  WHERE {{.value}} IS NOT NULL
  GROUP BY 1, 2
), sums AS (
  SELECT {{.by}}, avg(value) AS mean, max(high) AS peak,
    CASE WHEN max(t) + {{bucket_s}} >= {{to}} - {{delay}} - 3e0 * coalesce(max(interval_s), 3) THEN max_by(value, t) END AS newest
  FROM buckets
  GROUP BY {{.by}}
), places AS (
  SELECT {{.by}}, mean, row_number() OVER (ORDER BY newest DESC NULLS LAST, {{.by}}) AS now_place, row_number() OVER (ORDER BY peak DESC, {{.by}}) AS peak_place
  FROM sums
), ranked AS (
  SELECT {{.by}}, row_number() OVER (ORDER BY CASE WHEN now_place = 1 OR peak_place = 1 THEN 0 ELSE 1 END, mean DESC, {{.by}}) AS place, count(*) OVER () AS hosts
  FROM places
)
SELECT b.{{.by}}, b.t, b.value, b.low, b.high, b.interval_s, r.hosts
FROM buckets b JOIN ranked r ON r.{{.by}} = b.{{.by}}
WHERE r.place <= {{series}}
ORDER BY b.{{.by}}, b.t
{{end}}

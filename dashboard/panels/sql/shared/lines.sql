{{- /* A column over time, for each host or environment (by). Those with the highest average are chosen; hosts counts all of
them. */ -}}
{{define "lines"}}WITH buckets AS (
  SELECT {{.by}}, {{bucket}} AS t, avg({{.value}}) AS value, min({{.value}}) AS low, max({{.value}}) AS high, max(interval_s) AS interval_s
  FROM {{samples .by "interval_s" .value}}
  WHERE {{.value}} IS NOT NULL
  GROUP BY 1, 2
), ranked AS (
  SELECT {{.by}}, row_number() OVER (ORDER BY avg(value) DESC, {{.by}}) AS place, count(*) OVER () AS hosts
  FROM buckets
  GROUP BY {{.by}}
)
SELECT b.{{.by}}, b.t, b.value, b.low, b.high, b.interval_s, r.hosts
FROM buckets b JOIN ranked r ON r.{{.by}} = b.{{.by}}
WHERE r.place <= {{series}}
ORDER BY b.{{.by}}, b.t
{{end}}

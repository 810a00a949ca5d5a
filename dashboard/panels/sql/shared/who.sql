{{- /* Who uses a resource over time: the means of value, an expression of fields of a list, for each name. by is the column
with the name. The eight names with the highest sum have rows of their own, the others share one. If mean is set, several hosts
are averaged, else added up. Buckets have at least so many seconds as least says, so that each has details of each host.

An element that is not in a list used too little to be among the first, so it counts as 0. A copy of a sample has equal
elements, and max takes one of them. */ -}}
{{define "who"}}WITH readings AS (
  SELECT host, ts, {{wide .least}} AS t, {{.by}}, max({{.value}}) AS value
  FROM {{details .list "host" .columns}}
  WHERE {{.value}} IS NOT NULL
  GROUP BY 1, 2, 3, 4
), taken AS (
  SELECT host, t, count(DISTINCT ts) AS times
  FROM readings
  GROUP BY 1, 2
), buckets AS (
  SELECT r.{{.by}}, r.t, sum(1e0 * r.value / k.times) AS value
  FROM readings r JOIN taken k ON k.host = r.host AND k.t = r.t
  GROUP BY 1, 2
), ranked AS (
  SELECT {{.by}}, row_number() OVER (ORDER BY sum(value) DESC, {{.by}}) AS place
  FROM buckets
  GROUP BY {{.by}}
), {{template "steps"}}
SELECT CASE WHEN r.place <= 8 THEN b.{{.by}} ELSE '(others)' END AS {{.by}}, b.t,
  {{if .mean}}sum(b.value) / max(s.hosts){{else}}sum(b.value){{end}} AS value, max(s.interval_s) AS interval_s
FROM buckets b JOIN ranked r ON r.{{.by}} = b.{{.by}} JOIN steps s ON s.t = b.t
GROUP BY 1, 2
ORDER BY 1, 2
{{end}}

{{- /* For each bucket of taken: how many hosts have details in it, and how many seconds details are apart. */ -}}
{{define "steps"}}moments AS (
  SELECT t, count(*) AS hosts, t - lag(t) OVER (ORDER BY t) AS step
  FROM taken
  GROUP BY t
), steps AS (
  SELECT t, hosts, min(step) OVER () AS interval_s
  FROM moments
){{end}}

{{- /* The means of fields of a list over time, for each element; by is the column with its name. Those with the highest mean of
order are chosen. */ -}}
{{define "elements"}}WITH readings AS (
  SELECT {{.by}}, ts, {{wide 60}} AS t, {{names .columns}}
  FROM {{details .list .by .columns}}
  WHERE {{.order}} IS NOT NULL
), taken AS (
  SELECT 1 AS host, t
  FROM readings
  GROUP BY 1, 2
), ranked AS (
  SELECT {{.by}}, row_number() OVER (ORDER BY avg({{.order}}) DESC, {{.by}}) AS place
  FROM readings
  GROUP BY {{.by}}
), {{template "steps"}}
SELECT e.{{.by}}, e.t, {{range .columns}}avg(e.{{.}}) AS {{.}}, {{end}}max(s.interval_s) AS interval_s
FROM readings e JOIN ranked r ON r.{{.by}} = e.{{.by}} JOIN steps s ON s.t = e.t
WHERE r.place <= {{series}}
GROUP BY 1, 2
ORDER BY 1, 2
{{end}}

{{- /* Who uses a resource over time: the means of value, a column of readings of a list, for each name. by is the column with the name.
The eight names with the highest sum have rows of their own, the others share one. If mean is set, several hosts are averaged, else added
up.

Hosts have details at different times. So the details of a host stand for it in all buckets until its next ones, but for at most three times
as long as its details are apart: then it is silent. The first details of a host also stand for it in the same time before them.

An element that is not in a list used too little to be among the first, so it counts as 0. */ -}}
{{define "who"}}WITH readings AS (
  SELECT host, ts, {{wide 60}} AS t, {{.by}}, {{.value}} AS value, listed, lists
  FROM {{readings .list .by .value}}
  WHERE {{.value}} IS NOT NULL AND {{.by}} IS NOT NULL
), taken AS (
  SELECT host, t, sum(lists) AS times
  FROM (SELECT host, t, ts, max(lists) AS lists FROM readings GROUP BY 1, 2, 3) AS taken_lists
  GROUP BY 1, 2
), neighbours AS (
  SELECT host, t, times, lag(t) OVER (PARTITION BY host ORDER BY t) AS before_t, lead(t) OVER (PARTITION BY host ORDER BY t) AS after_t
  FROM taken
), spans AS (
  SELECT host, t, times, before_t, after_t, 3e0 * coalesce(min(t - before_t) OVER (PARTITION BY host), 60) AS stale_after
  FROM neighbours
), held AS (
  SELECT host, t, times, CASE WHEN before_t IS NULL THEN t - stale_after ELSE t END AS begins,
    CASE WHEN after_t < t + stale_after THEN after_t ELSE t + stale_after END AS ends
  FROM spans
), used AS (
  SELECT r.{{.by}}, h.begins, h.ends, sum(r.value * r.listed / h.times) AS value
  FROM readings r JOIN held h ON h.host = r.host AND h.t = r.t
  GROUP BY 1, 2, 3
), grid AS (
  SELECT DISTINCT t FROM taken
), buckets AS (
  SELECT u.{{.by}}, g.t, sum(u.value) AS value
  FROM used u JOIN grid g ON g.t >= u.begins AND g.t < u.ends
  GROUP BY 1, 2
), hosts AS (
  SELECT g.t, sum(h.hosts) AS hosts
  FROM (SELECT begins, ends, count(*) AS hosts FROM held GROUP BY 1, 2) AS h JOIN grid g ON g.t >= h.begins AND g.t < h.ends
  GROUP BY g.t
), ranked AS (
  SELECT {{.by}}, row_number() OVER (ORDER BY sum(value) DESC, {{.by}}) AS place
  FROM buckets
  GROUP BY {{.by}}
), {{template "steps"}}
SELECT CASE WHEN r.place <= 8 THEN b.{{.by}} ELSE '(others)' END AS {{.by}}, b.t,
  {{if .mean}}sum(b.value) / max(n.hosts){{else}}sum(b.value){{end}} AS value, max(s.interval_s) AS interval_s
FROM buckets b JOIN ranked r ON r.{{.by}} = b.{{.by}} JOIN steps s ON s.t = b.t JOIN hosts n ON n.t = b.t
GROUP BY 1, 2
ORDER BY 1, 2
{{end}}

{{- /* For each bucket of taken: the shortest time between two buckets with details, in seconds. It is the same for all. */ -}}
{{define "steps"}}moments AS (
  SELECT t, t - lag(t) OVER (ORDER BY t) AS step
  FROM taken
  GROUP BY t
), steps AS (
  SELECT t, min(step) OVER () AS interval_s
  FROM moments
){{end}}

{{- /* The means of fields of a list over time, for each element; by is the column with its name. The elements with the highest
mean of the column order are chosen. */ -}}
{{define "elements"}}WITH readings AS (
  SELECT {{.by}}, ts, {{wide 60}} AS t, listed, {{names .columns}}
  FROM {{details .list .by .columns "listed"}}
  WHERE {{.order}} IS NOT NULL
), taken AS (
  SELECT 1 AS host, t
  FROM readings
  GROUP BY 1, 2
), ranked AS (
  SELECT {{.by}}, row_number() OVER (ORDER BY {{mean_of_details .order}} DESC, {{.by}}) AS place
  FROM readings
  GROUP BY {{.by}}
), {{template "steps"}}
SELECT e.{{.by}}, e.t, {{range .columns}}{{mean_of_details (print "e." .)}} AS {{.}}, {{end}}max(s.interval_s) AS interval_s
FROM readings e JOIN ranked r ON r.{{.by}} = e.{{.by}} JOIN steps s ON s.t = e.t
WHERE r.place <= {{series}}
GROUP BY 1, 2
ORDER BY 1, 2
{{end}}

{{- /* The mean of a column over the hosts of each environment over time, with the lowest and the highest host, for the
environments with the highest averages. A host that changes its environment counts in the one that it names last. The column hosts
has the number of environments, because charts of lines take the number of all lines from a column of this name. */ -}}
{{define "by_environment"}}WITH by_host AS (
  {{template "by_host" list .}}
), places AS (
  SELECT *
  FROM {{kept "places"}}
), buckets AS (
  SELECT p.env, b.t, avg(b.{{.}}) AS value, min(b.{{.}}) AS low, max(b.{{.}}) AS high, max(b.interval_s) AS interval_s
  FROM by_host b JOIN places p ON p.host = b.host
  WHERE b.{{.}} IS NOT NULL
  GROUP BY 1, 2
), ranked AS (
  SELECT env, row_number() OVER (ORDER BY avg(value) DESC, env) AS place, count(*) OVER () AS hosts
  FROM buckets
  GROUP BY env
)
SELECT b.env, b.t, b.value, b.low, b.high, b.interval_s, r.hosts
FROM buckets b JOIN ranked r ON r.env = b.env
WHERE r.place <= {{series}}
ORDER BY b.env, b.t
{{end}}

{{- /* The environment that each host named last. */ -}}
{{define "places"}}SELECT host, {{last "env"}}
  FROM {{samples "host" "env"}}
  GROUP BY host{{end}}

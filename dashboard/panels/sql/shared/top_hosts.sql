{{- /* The means of columns, for the ten hosts with the highest value of order, an expression of these columns. */ -}}
{{define "top_hosts"}}WITH means AS (
  SELECT host, {{means .columns}}
  FROM {{samples "host" .columns}}
  GROUP BY host
), ranked AS (
  SELECT host, {{names .columns}}, row_number() OVER (ORDER BY {{.order}} DESC, host) AS place
  FROM means
  WHERE {{.order}} IS NOT NULL
)
SELECT host, {{names .columns}}
FROM ranked
WHERE place <= 10
ORDER BY place
{{end}}

{{- /* The five numbers of a box plot, for the twenty hosts with the highest median. */ -}}
{{define "spread"}}WITH spread AS (
  SELECT host, {{low .}} AS low, {{high .}} AS high, {{quantiles . 0.25 0.5 0.75}}[1] AS quarter, {{quantiles . 0.25 0.5 0.75}}[2] AS median,
    {{quantiles . 0.25 0.5 0.75}}[3] AS three_quarters
  FROM {{samples "host" .}}
  WHERE {{.}} IS NOT NULL
  GROUP BY host
), ranked AS (
  SELECT host, low, quarter, median, three_quarters, high, row_number() OVER (ORDER BY median DESC, host) AS place
  FROM spread
)
SELECT host, low, quarter, median, three_quarters, high
FROM ranked
WHERE place <= 20
ORDER BY place
{{end}}

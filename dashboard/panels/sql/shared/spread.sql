{{- /* The five numbers of a box plot, for the twenty hosts with the highest median. */ -}}
{{define "spread"}}WITH spread AS (
  SELECT host, {{low .}} AS low, {{quantile . 0.25}} AS quarter, {{quantile . 0.5}} AS median, {{quantile . 0.75}} AS three_quarters,
    {{high .}} AS high
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

{{- /* The spans of time in which the five-minute means of a value were at or above its threshold. Neighbouring means are one
span. */ -}}
WITH means AS (
  SELECT host, floor(ts / 300) * 300 AS t, avg(cpu_pct) AS cpu, avg(ram_pct) AS ram, avg(disk_busy_pct) AS busy,
    avg(disk_used_pct) AS used, avg(errors) AS errors, avg(pressure) AS pressure, avg(inodes_used_pct) AS inodes,
    count(DISTINCT machine_id) AS machines
  FROM {{samples "host" "cpu_pct" "ram_pct" "disk_busy_pct" "disk_used_pct" "errors" "pressure" "inodes_used_pct" "machine_id"}}
  GROUP BY 1, 2
), high AS (
  {{- range $i, $p := problems}}
  {{- if $i}}
  UNION ALL{{end}}
  SELECT host, t, '{{.Name}}' AS mark, CASE WHEN {{.Column}} >= {{.Critical}} THEN 2 ELSE 1 END AS severity
  FROM means
  WHERE {{.Column}} >= {{.Warn}}
  {{- end}}
), numbered AS (
  SELECT host, t, mark, severity, t / 300 - row_number() OVER (PARTITION BY host, mark ORDER BY t) AS span
  FROM high
), spans AS (
  SELECT host, mark, span, min(t) AS t, max(t) + 300 AS until, max(severity) AS severity
  FROM numbered
  GROUP BY host, mark, span
), ranked AS (
  SELECT host, t, until, mark, severity, row_number() OVER (ORDER BY severity DESC, t DESC, host, mark) AS place
  FROM spans
)
SELECT host, t, until, mark, severity
FROM ranked
WHERE place <= 500
ORDER BY t, host, mark

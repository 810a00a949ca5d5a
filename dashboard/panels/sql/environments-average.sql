WITH means AS (
  SELECT host, max(env) AS env, {{means (list "cpu_pct" "ram_pct" "disk_busy_pct" "disk_used_pct")}}
  FROM {{samples "host" "env" "cpu_pct" "ram_pct" "disk_busy_pct" "disk_used_pct"}}
  GROUP BY host
)
SELECT env, {{averages (list "cpu_pct" "ram_pct" "disk_busy_pct" "disk_used_pct")}}
FROM means
GROUP BY env
ORDER BY env

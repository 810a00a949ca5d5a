{{- /* The newest readings of the hosts that are not silent. core_load is 100 if the load is one for each core. */ -}}
WITH latest AS (
  SELECT host, max(ts) AS last_ts,
    {{last "interval_s"}},
    {{last "cpu_pct"}},
    {{last "ram_pct"}},
    {{last "core_load"}},
    {{last "cpu_pressure_pct"}}
  FROM {{samples "host" "interval_s" "cpu_pct" "ram_pct" "core_load" "cpu_pressure_pct"}}
  GROUP BY host
), compared AS (
  SELECT *, max(cpu_pct) OVER () AS cpu_max, max(ram_pct) OVER () AS ram_max, max(core_load) OVER () AS load_max,
    max(cpu_pressure_pct) OVER () AS pressure_max
  FROM latest
  WHERE NOT ({{template "silent"}})
)
SELECT count(*) AS hosts,
  avg(cpu_pct) AS cpu_pct, max(cpu_max) AS cpu_max, min(CASE WHEN cpu_pct = cpu_max THEN host END) AS cpu_host,
  avg(ram_pct) AS ram_pct, max(ram_max) AS ram_max, min(CASE WHEN ram_pct = ram_max THEN host END) AS ram_host,
  avg(core_load) AS core_load, max(load_max) AS load_max, min(CASE WHEN core_load = load_max THEN host END) AS load_host,
  avg(cpu_pressure_pct) AS cpu_pressure_pct, max(pressure_max) AS pressure_max, min(CASE WHEN cpu_pressure_pct = pressure_max THEN host END) AS pressure_host
FROM compared

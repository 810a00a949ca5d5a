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
)
SELECT count(*) AS hosts,
  avg(cpu_pct) AS cpu_pct, max(cpu_pct) AS cpu_max, max_by(host, cpu_pct) AS cpu_host,
  avg(ram_pct) AS ram_pct, max(ram_pct) AS ram_max, max_by(host, ram_pct) AS ram_host,
  avg(core_load) AS core_load, max(core_load) AS load_max, max_by(host, core_load) AS load_host,
  avg(cpu_pressure_pct) AS cpu_pressure_pct, max(cpu_pressure_pct) AS pressure_max, max_by(host, cpu_pressure_pct) AS pressure_host
FROM latest
WHERE NOT ({{template "silent"}})

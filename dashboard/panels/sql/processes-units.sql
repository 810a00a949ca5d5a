{{- /* The first ten by CPU time and by memory, and all in which the kernel killed processes. The same service on several hosts is one row. */ -}}
WITH readings AS (
  SELECT host, ts, name, max(cpu_pct) AS cpu, max(memory_bytes) AS memory, max(memory_bytes_max) AS memory_peak, max(memory_limit_bytes) AS memory_limit, max(throttled_pct_max) AS throttled,
    max(oom_kills) AS oom_kills, max(throughput) AS io, max(listed) AS listed, max(lists) AS lists
  FROM {{details "units" "host" "name" "cpu_pct" "memory_bytes" "memory_bytes_max" "memory_limit_bytes" "throttled_pct_max" "oom_kills" "throughput" "listed" "lists"}}
  GROUP BY 1, 2, 3
), taken AS (
  {{template "times"}}
), used AS (
  SELECT r.host, r.name, sum(r.cpu * r.listed / k.times) AS cpu, {{last_by "r.ts" "r.memory"}} AS memory,
    max(100e0 * r.memory_peak / nullif(r.memory_limit, 0)) AS limit_peak, max(r.throttled) AS throttled, sum(1e0 * r.oom_kills) AS oom_kills, sum(r.io * r.listed / k.times) AS io
  FROM readings r JOIN taken k ON k.host = r.host
  GROUP BY 1, 2
), compared AS (
  SELECT *, max(cpu) OVER (PARTITION BY name) AS most_cpu, max(memory) OVER (PARTITION BY name) AS most_memory
  FROM used
), fleet AS (
  SELECT name, sum(cpu) AS cpu, min(CASE WHEN cpu > 0 AND cpu = most_cpu THEN host END) AS cpu_host, sum(1e0 * memory) AS memory, min(CASE WHEN memory > 0 AND memory = most_memory THEN host END) AS memory_host,
    max(limit_peak) AS limit_peak, max(throttled) AS throttled, sum(1e0 * oom_kills) AS oom_kills, sum(io) AS io, count(*) AS hosts
  FROM compared
  GROUP BY name
), ranked AS (
  SELECT name, cpu, cpu_host, memory, memory_host, limit_peak, throttled, oom_kills, io, hosts, row_number() OVER (ORDER BY cpu DESC, name) AS by_cpu,
    row_number() OVER (ORDER BY memory DESC, name) AS by_memory
  FROM fleet
)
SELECT name, cpu, cpu_host, memory, memory_host, limit_peak, throttled, oom_kills, io, hosts
FROM ranked
WHERE by_cpu <= 10 OR by_memory <= 10 OR oom_kills > 0
ORDER BY by_cpu

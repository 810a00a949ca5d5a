{{- /* The first ten by CPU time, by memory and by I/O. */ -}}
WITH {{template "processes"}}, compared AS (
  SELECT *, max(cpu) OVER (PARTITION BY process) AS most_cpu, max(memory) OVER (PARTITION BY process) AS most_memory
  FROM used
), fleet AS (
  SELECT process, sum(cpu) AS cpu, min(CASE WHEN cpu > 0 AND cpu = most_cpu THEN host END) AS cpu_host, sum(1e0 * memory) AS memory, min(CASE WHEN memory > 0 AND memory = most_memory THEN host END) AS memory_host, sum(read) AS read,
    sum(written) AS written, sum(1e0 * number) AS number, count(*) AS hosts
  FROM compared
  GROUP BY process
), ranked AS (
  SELECT process, cpu, cpu_host, memory, memory_host, read, written, number, hosts,
    row_number() OVER (ORDER BY cpu DESC, process) AS by_cpu, row_number() OVER (ORDER BY memory DESC, process) AS by_memory,
    row_number() OVER (ORDER BY coalesce(read, 0) + coalesce(written, 0) DESC, process) AS by_io
  FROM fleet
)
SELECT process, cpu, cpu_host, memory, memory_host, read, written, number, hosts
FROM ranked
WHERE by_cpu <= 10 OR by_memory <= 10 OR by_io <= 10
ORDER BY by_cpu

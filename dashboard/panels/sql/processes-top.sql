{{- /* The first ten by CPU time, by memory and by I/O. */ -}}
WITH {{template "processes"}}, fleet AS (
  SELECT process, sum(cpu) AS cpu, max_by(host, CASE WHEN cpu > 0 THEN cpu END) AS cpu_host, sum(1e0 * memory) AS memory, max_by(host, CASE WHEN memory > 0 THEN memory END) AS memory_host, sum(read) AS read,
    sum(written) AS written, sum(1e0 * number) AS number, count(*) AS hosts
  FROM used
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

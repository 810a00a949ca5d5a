WITH {{template "processes"}}, ranked AS (
  SELECT host, process, cpu, memory, read, written, number,
    row_number() OVER (ORDER BY cpu DESC, host, process) AS by_cpu, row_number() OVER (ORDER BY memory DESC, host, process) AS by_memory,
    row_number() OVER (ORDER BY coalesce(read, 0) + coalesce(written, 0) DESC, host, process) AS by_io
  FROM used
)
SELECT host, process, cpu, memory, read, written, number
FROM ranked
WHERE by_cpu <= 10 OR by_memory <= 10 OR by_io <= 10
ORDER BY by_cpu

{{- /* What each process of each host uses on average: number is how many processes have its name and unit. CPU time and I/O count as 0 while
the process is not among the first of its host. Memory and the number are the newest that are known. If the rows are hours or days, the
newest memory is the mean of the newest hour or day. A sum of doubles depends on its order: rounded, equal sums are equal again, and hosts do not change places. */ -}}
{{define "processes"}}readings AS (
  SELECT *
  FROM {{readings "processes" "process" "cpu_pct" "rss_bytes" "read_bytes_per_s" "write_bytes_per_s" "count"}}
), taken AS (
  {{template "times"}}
), used AS (
  SELECT r.host, r.process, round(sum(r.cpu_pct * r.listed / k.times), 6) AS cpu, {{last_by "r.ts" "r.rss_bytes"}} AS memory,
    round(sum(r.read_bytes_per_s * r.listed / k.times), 3) AS read, round(sum(r.write_bytes_per_s * r.listed / k.times), 3) AS written,
    {{last_by "r.ts" "r.count"}} AS number
  FROM readings r JOIN taken k ON k.host = r.host
  WHERE process IS NOT NULL{{and_process}}
  GROUP BY 1, 2
){{end}}

{{- /* For each host: how many lists its readings come from. */ -}}
{{define "times"}}SELECT host, sum(lists) AS times
  FROM (SELECT host, ts, max(lists) AS lists FROM readings GROUP BY 1, 2) AS taken_lists
  GROUP BY host{{end}}

{{- /* The means of value over time for each host, of the chosen process or else of the one that uses the most CPU time. The hosts with the
highest mean are chosen. */ -}}
{{define "process_by_host"}}WITH readings AS (
  SELECT host, ts, {{wide 60}} AS t, process, cpu_pct AS cpu, {{.}} AS value, {{.}}_min AS low, {{.}}_max AS high, listed
  FROM {{readings "processes" "process" "cpu_pct" . (print . "_min") (print . "_max")}}
), taken AS (
  SELECT DISTINCT host, t FROM readings
), busiest AS (
  SELECT process, row_number() OVER (ORDER BY sum(cpu * listed) DESC, process) AS place
  FROM readings
  WHERE cpu IS NOT NULL{{and_process}}
  GROUP BY process
), buckets AS (
  SELECT r.host, r.process, r.t, sum(r.value * r.listed) / sum(r.listed) AS value, min(r.low) AS low, max(r.high) AS high
  FROM readings r JOIN busiest l ON l.process = r.process
  WHERE l.place = 1 AND r.value IS NOT NULL
  GROUP BY 1, 2, 3
), ranked AS (
  SELECT host, row_number() OVER (ORDER BY avg(value) DESC, host) AS place, count(*) OVER () AS hosts
  FROM buckets
  GROUP BY host
), {{template "steps"}}
SELECT b.host, b.t, b.process, b.value, b.low, b.high, s.interval_s, r.hosts
FROM buckets b JOIN ranked r ON r.host = b.host JOIN steps s ON s.t = b.t
WHERE r.place <= {{series}}
ORDER BY b.host, b.t
{{end}}

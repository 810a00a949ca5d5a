{{- /* What the problems of each host come from, as of its newest details: the fullest mount, the busiest disk, the process that uses the
most CPU time and the one that holds the most memory, each with its part of the machine's, and the interface that loses the most
packets. Only the last quarter of an hour is read, because lists are large. */ -}}
{{define "culprits"}}named AS (
  SELECT host, {{last "disk_used_mount"}}, {{last "disk_busy_device"}}
  FROM {{samples "host" "disk_used_mount" "disk_busy_device"}}
  WHERE ts >= {{to}} - {{delay}} - {{blame_window}}
  GROUP BY host
), running AS (
  SELECT host, ts, process, max(cpu_pct / nullif(cpu_count, 0)) AS cpu, max(100e0 * rss_bytes / nullif(ram_total_bytes, 0)) AS memory,
    max(ts) OVER (PARTITION BY host) AS newest_ts
  FROM {{recent "processes" "host" "process" "cpu_pct" "rss_bytes" "cpu_count" "ram_total_bytes"}}
  GROUP BY 1, 2, 3
), taken AS (
  SELECT host, count(DISTINCT ts) AS times
  FROM running
  WHERE ts > newest_ts - {{problem_window}}
  GROUP BY host
), shares AS (
  SELECT r.host, r.process, sum(r.cpu / k.times) AS cpu, max_by(r.memory, r.ts) AS memory
  FROM running r JOIN taken k ON k.host = r.host
  WHERE r.ts > r.newest_ts - {{problem_window}}
  GROUP BY 1, 2
), blamed AS (
  SELECT host, max_by(process, cpu) || ' ' || CAST(CAST(round(max(cpu)) AS bigint) AS varchar) || ' %' AS cpu_process,
    max_by(process, memory) || ' ' || CAST(CAST(round(max(memory)) AS bigint) AS varchar) || ' %' AS memory_process
  FROM shares
  GROUP BY host
), losses AS (
  SELECT host, name, avg(lost) AS lost
  FROM {{recent "interfaces" "host" "name" "lost"}}
  GROUP BY 1, 2
), losing AS (
  SELECT host, max_by(name, lost) AS interface
  FROM losses
  WHERE lost > 0
  GROUP BY host
), culprits AS (
  SELECT n.host, n.disk_used_mount AS mount, n.disk_busy_device AS device, b.cpu_process, b.memory_process, i.interface
  FROM named n LEFT JOIN blamed b ON b.host = n.host LEFT JOIN losing i ON i.host = n.host
){{end}}

{{- /* The culprit of a problem, or NULL if it is not known. */ -}}
{{define "culprit"}}CASE problem
  {{- range problems}}{{if .Culprit}} WHEN '{{.Name}}' THEN c.{{.Culprit}}{{end}}{{end}} END{{end}}

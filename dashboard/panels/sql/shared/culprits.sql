{{- /* The processes and devices that cause the problems of each host, from its newest details: the processes that use the most CPU time, hold the most memory, and read and write the most, the mount with the largest share of its
inodes in use, and the interface that loses the most packets. Because lists are large, only the end of the range is
read: the time that samples take to arrive, and a quarter of an hour before that. */ -}}
{{define "culprits"}}shares AS (
  SELECT host, process, sum(cpu) / max(times) AS cpu, {{last_by "ts" "memory"}} AS memory, sum(io) / max(times) AS io
  FROM (
    SELECT *, max(place) OVER (PARTITION BY host) AS times
    FROM (
      SELECT *, dense_rank() OVER (PARTITION BY host ORDER BY ts DESC) AS place, max(ts) OVER (PARTITION BY host) AS newest_ts
      FROM (
        SELECT host, ts, process, max(cpu_pct / nullif(cpu_count, 0)) AS cpu, max(100e0 * rss_bytes / nullif(ram_total_bytes, 0)) AS memory,
          max(throughput) AS io
        FROM {{recent "processes" "host" "process" "cpu_pct" "rss_bytes" "throughput" "cpu_count" "ram_total_bytes"}}
        GROUP BY 1, 2, 3
      ) AS running
    ) AS ranked
    WHERE ts > newest_ts - {{problem_window}}
  ) AS newest
  GROUP BY 1, 2
), blamed AS (
  SELECT host, max_by(process, cpu) || ' ' || {{rounded "max(cpu)"}} || ' %' AS cpu_process,
    max_by(process, memory) || ' ' || {{rounded "max(memory)"}} || ' %' AS memory_process,
    CASE WHEN max(io) > 0 THEN max_by(process, io) || CASE WHEN max(io) >= 1e6 THEN ' ' || {{rounded "max(io) / 1e6"}} || ' MB/s' ELSE ' ' || {{rounded "max(io) / 1e3"}} || ' kB/s' END END AS io_process
  FROM shares
  GROUP BY host
), inodes AS (
  SELECT host, max_by(mount, inodes_used_pct) AS inodes_mount
  FROM {{recent "filesystems" "host" "mount" "inodes_used_pct"}}
  GROUP BY host
), losing AS (
  SELECT host, max_by(name, lost) AS interface
  FROM (
    SELECT host, name, avg(lost) AS lost
    FROM {{recent "interfaces" "host" "name" "lost"}}
    GROUP BY 1, 2
  ) AS losses
  WHERE lost > 0
  GROUP BY host
), culprits AS (
  SELECT coalesce(b.host, i.host, l.host) AS host, cpu_process, memory_process, io_process, inodes_mount, interface
  FROM blamed b FULL JOIN inodes i ON i.host = b.host FULL JOIN losing l ON l.host = coalesce(b.host, i.host)
){{end}}

{{- /* The culprit of a problem, or NULL if it is not known. */ -}}
{{define "culprit"}}CASE problem
  {{- range all_rules}}{{if .Culprit}} WHEN '{{.Name}}' THEN {{.Culprit}}{{end}}{{end}} END{{end}}

{{- /* What each disk of each host did on average. await is the mean time of an operation: details with many operations count
more. */ -}}
{{define "disks"}}disks AS (
  SELECT host, device, avg(busy_pct) AS busy, max(busy_pct) AS busy_peak,
    sum(await_ms * operations) / nullif(sum(CASE WHEN await_ms IS NOT NULL THEN operations END), 0) AS await, max(await_ms) AS await_peak,
    avg(operations) AS operations, avg(read_bytes_per_s) AS read, avg(write_bytes_per_s) AS written
  FROM {{details "disks" "host" "device" "busy_pct" "await_ms" "operations" "read_bytes_per_s" "write_bytes_per_s"}}
  GROUP BY 1, 2
){{end}}

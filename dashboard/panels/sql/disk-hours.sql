{{- /* For the twenty hosts that read and write the most. */ -}}
WITH hourly AS (
  SELECT host, floor((ts + {{offset}}) / 3600) AS h, {{mean "disk_read_bytes_per_s + disk_write_bytes_per_s"}} AS value
  FROM {{samples "host" "disk_read_bytes_per_s" "disk_write_bytes_per_s"}}
  GROUP BY 1, 2
), ranked AS (
  SELECT host, row_number() OVER (ORDER BY avg(value) DESC, host) AS place
  FROM hourly
  WHERE value IS NOT NULL
  GROUP BY host
)
SELECT r.host, mod(h.h, 24) AS hour, avg(h.value) AS value
FROM hourly h JOIN ranked r ON r.host = h.host
WHERE r.place <= 20
GROUP BY r.host, r.place, mod(h.h, 24)
ORDER BY r.place, 2

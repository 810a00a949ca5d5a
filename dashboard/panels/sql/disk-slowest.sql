WITH {{template "disks"}}, ranked AS (
  SELECT host, device, await, await_peak, busy, operations, read, written, row_number() OVER (ORDER BY await DESC, host, device) AS place
  FROM disks
  WHERE await IS NOT NULL
)
SELECT host, device, await, await_peak, busy, operations, read, written
FROM ranked
WHERE place <= 15
ORDER BY place

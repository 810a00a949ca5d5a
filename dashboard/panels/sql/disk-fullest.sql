WITH {{template "filesystems"}}, ranked AS (
  SELECT host, mount, used, free, total, inodes, per_day, full_in, row_number() OVER (ORDER BY used DESC, host, mount) AS place
  FROM filesystems
)
SELECT host, mount, used, free, total, inodes, per_day, full_in
FROM ranked
WHERE place <= 15
ORDER BY place

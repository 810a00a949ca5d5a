WITH {{template "filesystems"}}
SELECT mount, used, total, free, inodes, per_day, full_in
FROM filesystems
ORDER BY used DESC, mount

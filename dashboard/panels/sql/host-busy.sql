{{template "columns_in_buckets" args "ends" true "columns" (list "disk_busy_pct" "disk_used_pct" "inodes_used_pct")}}

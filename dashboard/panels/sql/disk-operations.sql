{{template "top_hosts" args "order" "coalesce(disk_read_ops_per_s, 0) + coalesce(disk_write_ops_per_s, 0)" "columns" (list "disk_read_ops_per_s" "disk_write_ops_per_s")}}

{{template "columns_in_buckets" args "ends" true "columns" (list "disk_read_bytes_per_s" "disk_write_bytes_per_s")}}

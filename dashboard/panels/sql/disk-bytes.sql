{{template "over_hosts" args "of" "sum" "columns" (list "disk_read_bytes_per_s" "disk_write_bytes_per_s")}}

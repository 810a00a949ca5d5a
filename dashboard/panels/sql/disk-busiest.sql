{{template "top_hosts" args "order" "disk_busy_pct" "columns" (list "disk_busy_pct" "io_pressure_pct" "disk_read_bytes_per_s" "disk_write_bytes_per_s")}}

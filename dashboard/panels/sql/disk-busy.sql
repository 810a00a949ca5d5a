{{template "host_rows" "disk_busy_pct"}}

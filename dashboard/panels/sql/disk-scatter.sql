{{template "against" list "cpu_pct" "disk_busy_pct"}}

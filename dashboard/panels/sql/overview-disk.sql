{{template "fleet" "disk_busy_pct"}}

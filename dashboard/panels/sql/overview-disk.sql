{{template "lines" args "by" "host" "value" "disk_busy_pct"}}

{{template "top_hosts" args "order" "cpu_pct" "columns" (list "cpu_pct" "ram_pct" "disk_busy_pct" "disk_used_pct")}}

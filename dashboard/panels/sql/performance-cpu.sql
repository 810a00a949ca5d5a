{{template "host_rows" "cpu_pct"}}

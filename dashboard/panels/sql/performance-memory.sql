{{template "host_rows" "ram_pct"}}

{{template "spread" "ram_pct"}}

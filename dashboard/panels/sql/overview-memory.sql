{{template "fleet" "ram_pct"}}

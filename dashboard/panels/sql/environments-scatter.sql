{{template "against" list "cpu_pct" "ram_pct"}}

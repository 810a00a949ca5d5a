{{template "fleet" "cpu_pct"}}

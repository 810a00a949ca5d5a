{{template "week" "cpu_pct"}}

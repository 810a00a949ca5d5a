{{template "spread" "cpu_pct"}}

{{template "process_by_host" "cpu_pct"}}

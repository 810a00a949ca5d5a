{{template "by_environment" "cpu_pct"}}

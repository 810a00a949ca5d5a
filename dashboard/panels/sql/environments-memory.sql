{{template "by_environment" "ram_pct"}}

{{template "lines" args "by" "host" "value" "cpu_pct"}}

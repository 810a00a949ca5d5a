{{template "lines" args "by" "env" "value" "cpu_pct"}}

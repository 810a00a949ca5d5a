{{template "lines" args "by" "env" "value" "ram_pct"}}

{{template "lines" args "by" "host" "value" "ram_pct"}}

{{template "who" args "list" "processes" "by" "process" "columns" (list "process" "cpu_pct" "cpu_count") "value" "cpu_pct / nullif(cpu_count, 0)" "mean" true}}

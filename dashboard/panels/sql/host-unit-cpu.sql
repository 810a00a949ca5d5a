{{template "who" args "list" "units" "by" "name" "columns" (list "name" "cpu_pct" "cpu_count") "value" "cpu_pct / nullif(cpu_count, 0)" "mean" true}}

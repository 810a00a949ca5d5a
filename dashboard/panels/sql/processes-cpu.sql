{{template "who" args "list" "processes" "by" "process" "columns" (list "process" "cpu_pct") "value" "cpu_pct" "mean" false}}

{{template "who" args "list" "processes" "by" "process" "value" "cpu_pct" "mean" false}}

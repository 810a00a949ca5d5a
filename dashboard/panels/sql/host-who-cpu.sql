{{template "who" args "list" "processes" "by" "process" "value" "cpu_share" "mean" true}}

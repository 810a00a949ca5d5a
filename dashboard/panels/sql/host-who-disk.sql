{{template "who" args "list" "processes" "by" "process" "columns" (list "process" "throughput") "value" "throughput" "mean" true}}

{{template "who" args "list" "processes" "by" "process" "columns" (list "process" "throughput") "value" "throughput" "least" 120 "mean" false}}

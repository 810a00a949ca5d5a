{{template "who" args "list" "processes" "by" "process" "columns" (list "process" "throughput") "value" "throughput" "least" 60 "mean" true}}

{{template "who" args "list" "processes" "by" "process" "value" "throughput" "mean" false}}

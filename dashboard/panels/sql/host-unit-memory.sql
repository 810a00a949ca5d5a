{{template "who" args "list" "units" "by" "name" "value" "memory_bytes" "mean" true}}

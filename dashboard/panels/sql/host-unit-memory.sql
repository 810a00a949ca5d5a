{{template "who" args "list" "units" "by" "name" "columns" (list "name" "memory_bytes") "value" "memory_bytes" "mean" true}}

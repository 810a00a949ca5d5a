{{template "who" args "list" "units" "by" "name" "value" "cpu_share" "mean" true}}

{{template "columns_in_buckets" args "ends" false "columns" (list "load1" "load5" "load15" "cpu_count")}}

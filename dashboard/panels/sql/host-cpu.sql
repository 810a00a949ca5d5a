{{template "columns_in_buckets" args "ends" true "columns" (list "cpu_pct" "cpu_core_max_pct" "cpu_iowait_pct" "cpu_steal_pct")}}

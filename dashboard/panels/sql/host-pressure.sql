{{template "columns_in_buckets" args "ends" true "columns" (list "cpu_pressure_pct" "mem_pressure_pct" "io_pressure_pct")}}

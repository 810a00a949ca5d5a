{{template "over_hosts" args "of" "avg" "columns" (list "cpu_pressure_pct" "mem_pressure_pct" "io_pressure_pct")}}

{{template "top_hosts" args "order" "cpu_pct" "columns" (list "cpu_pct" "ram_pct")}}

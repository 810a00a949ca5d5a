{{template "columns_in_buckets" args "ends" true "columns" (list "ram_pct" "swap_pct")}}

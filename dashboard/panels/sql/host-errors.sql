{{template "columns_in_buckets" args "ends" false "columns" (list "net_err_in_per_s" "net_err_out_per_s" "net_drop_in_per_s" "net_drop_out_per_s")}}

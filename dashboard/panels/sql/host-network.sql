{{template "columns_in_buckets" args "ends" true "columns" (list "net_bytes_recv_per_s" "net_bytes_sent_per_s")}}

{{template "over_hosts" args "of" "sum" "columns" (list "net_bytes_recv_per_s" "net_bytes_sent_per_s")}}

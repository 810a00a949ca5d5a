{{template "over_hosts" args "of" "sum" "columns" (list "net_packets_recv_per_s" "net_packets_sent_per_s")}}

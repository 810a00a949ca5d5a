{{template "elements" args "list" "interfaces" "by" "name" "columns" (list "recv_bytes_per_s" "sent_bytes_per_s" "throughput") "order" "throughput"}}

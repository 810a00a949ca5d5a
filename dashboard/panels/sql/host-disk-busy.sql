{{template "elements" args "list" "disks" "by" "device" "columns" (list "busy_pct") "order" "busy_pct"}}

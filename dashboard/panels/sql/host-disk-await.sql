{{template "elements" args "list" "disks" "by" "device" "columns" (list "await_ms") "order" "await_ms"}}

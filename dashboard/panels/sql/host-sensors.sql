{{template "elements" args "list" "sensors" "by" "name" "columns" (list "celsius") "order" "celsius"}}

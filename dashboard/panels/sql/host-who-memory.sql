{{template "who" args "list" "processes" "by" "process" "columns" (list "process" "rss_bytes") "value" "rss_bytes" "mean" true}}

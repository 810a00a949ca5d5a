{{template "who" args "list" "processes" "by" "process" "columns" (list "process" "rss_bytes") "value" "rss_bytes" "least" 120 "mean" false}}

{{template "who" args "list" "processes" "by" "process" "value" "rss_bytes" "mean" false}}

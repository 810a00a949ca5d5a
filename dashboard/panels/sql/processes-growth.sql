{{template "process_by_host" "rss_bytes"}}

{{template "week" "metric"}}

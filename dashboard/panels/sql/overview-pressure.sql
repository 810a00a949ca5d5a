{{template "lines" args "by" "host" "value" "pressure"}}

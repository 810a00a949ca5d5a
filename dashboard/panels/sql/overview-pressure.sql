{{template "fleet" "pressure"}}

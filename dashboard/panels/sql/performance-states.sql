{{template "over_hosts" args "of" "avg" "columns" (list "cpu_user_pct" "cpu_system_pct" "cpu_iowait_pct" "cpu_steal_pct")}}

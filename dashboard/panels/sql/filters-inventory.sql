SELECT host, max_by(role, ts) AS role, max_by(env, ts) AS env, min(first_ts) AS first_ts, max(ts) AS last_ts
FROM {{samples "host" "role" "env" "first_ts"}}
GROUP BY host
ORDER BY last_ts, host

SELECT host, env, role, max(ts) AS last_ts
FROM {{samples "host" "env" "role"}}
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3

SELECT max(ts) AS last_ts
FROM {{samples}}

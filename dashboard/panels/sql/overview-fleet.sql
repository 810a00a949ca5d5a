SELECT count(*) AS hosts, count(CASE WHEN {{template "silent"}} THEN 1 END) AS silent, max(last_ts) AS last_ts
FROM {{kept "seen"}}

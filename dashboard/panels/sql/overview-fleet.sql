WITH latest AS (
  SELECT host, max(ts) AS last_ts, {{last "interval_s"}}
  FROM {{samples "host" "interval_s"}}
  GROUP BY host
)
SELECT count(*) AS hosts, count(CASE WHEN {{template "silent"}} THEN 1 END) AS silent, max(last_ts) AS last_ts
FROM latest

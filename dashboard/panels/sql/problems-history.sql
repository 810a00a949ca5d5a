{{- /* A host was silent between two of its samples if they are further apart than three of its intervals plus the time that
samples take to arrive. reported is the time from which alerts report the problem: it is not routine then. */ -}}
WITH {{template "problems" args "all" true "newest" 0}}, heard AS (
  SELECT host, floor(ts / 60) AS m, min(first_ts) AS first_ts, max(ts) AS last_ts, max(interval_s) AS interval_s
  FROM {{samples "host" "interval_s" "first_ts"}}
  GROUP BY 1, 2
), paused AS (
  SELECT host, last_ts AS since, coalesce(lead(first_ts) OVER (PARTITION BY host ORDER BY m), {{to}}) AS until, last_ts, interval_s
  FROM heard
)
SELECT host, problem, since, until, until - since AS length_s, worst,
  CASE WHEN unusual_t < since + {{routine}} THEN unusual_t ELSE since + {{routine}} END AS reported
FROM episodes
WHERE NOT always_routine
UNION ALL
SELECT host, '{{silent_name}}', since, until, until - since, 2, since + {{delay}} + {{template "stale_after"}}
FROM paused
WHERE last_ts < until - {{delay}} - {{template "stale_after"}}
ORDER BY host, since, problem

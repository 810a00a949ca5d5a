{{- /* The starts of sessions. A session starts with seq 0. If the first samples of a session were lost, its first sample
that is there counts as the start, but only if the host's previous session had ended. The mark is the start of the machine if the machine started after the last sample of the
session before. If there is no session before, it is the start of the machine if the machine had been up for less than five minutes.
Otherwise it is the start of the collector only. */ -}}
WITH sessions AS (
  SELECT host, session_id, min(first_ts) AS t, max(ts) AS last_ts, min(seq) AS first_seq, {{low "uptime_s"}} AS uptime_s
  FROM {{samples "host" "session_id" "seq" "first_ts" "uptime_s"}}
  WHERE session_id IS NOT NULL
  GROUP BY 1, 2
), ordered AS (
  SELECT host, t, first_seq, uptime_s, lag(last_ts) OVER (PARTITION BY host ORDER BY t, session_id) AS before
  FROM sessions
), starts AS (
  SELECT host, t, CASE WHEN t - uptime_s > coalesce(before, t - 300) THEN 'Machine started' ELSE 'Collector started' END AS mark,
    row_number() OVER (ORDER BY t DESC, host) AS place
  FROM ordered
  WHERE first_seq = 0 OR before < t
)
SELECT host, t, CAST(NULL AS double) AS until, mark, 0 AS severity
FROM starts
WHERE place <= 500
ORDER BY t, host

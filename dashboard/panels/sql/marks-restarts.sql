{{- /* The starts of sessions. A session starts with seq 0. If the first samples of a session were lost, its first sample
that is there counts as the start, but only if the host's previous session had ended. The mark is the start of the machine if the machine
started after the last sample of the session before. If there is no session before, it is the start of the machine if the machine had been up
for less than five minutes. Otherwise it is the start of the collector only.

A row of a rollup has the newest session of its bucket, but its first sample and its extremes may be of the session before. So the mark is at
the begin of that row. The machine started within the row if it had been up for less time than in the newest row of the session before, or if
it never was up for as long as the rows of the session last. */ -}}
WITH sessions AS (
  SELECT host, session_id, min(first_ts) AS t, max(ts) AS last_ts, min(seq) AS first_seq, {{low "uptime_s"}} AS least_up, {{high "uptime_s"}} AS most_up,
    {{newest_low "uptime_s"}} AS newest_up
  FROM {{samples "host" "session_id" "seq" "first_ts" "uptime_s"}}
  WHERE session_id IS NOT NULL
  GROUP BY 1, 2
), ordered AS (
  SELECT host, t, last_ts, first_seq, least_up, most_up, lag(last_ts) OVER (PARTITION BY host ORDER BY t, session_id) AS before,
    lag(newest_up) OVER (PARTITION BY host ORDER BY t, session_id) AS up_before
  FROM sessions
), starts AS (
  SELECT host, t,
    CASE WHEN t - least_up > coalesce(before, t - 300) OR least_up < up_before OR most_up < last_ts - t THEN 'Machine started' ELSE 'Collector started' END AS mark,
    row_number() OVER (ORDER BY t DESC, host) AS place
  FROM ordered
  WHERE first_seq = 0 OR before < t
)
SELECT host, t, CAST(NULL AS double) AS until, mark, 0 AS severity
FROM starts
WHERE place <= 500
ORDER BY t, host

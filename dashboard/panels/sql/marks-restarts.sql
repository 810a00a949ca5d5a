{{- /* The starts of sessions. A session starts with seq 0. If the first samples of a session were lost, its first sample
that is there counts as the start, but only if the machine's previous session had ended, or if that of another machine of this host name
had, and the machine has no earlier one. The mark is the start of the machine if the machine started after the last sample of its session
before. If it has no session before, the mark is the start of the machine if the machine had been up for less than five minutes. Otherwise it
is the start of the collector only. Several machines can send under one host name, and a new machine can take over a name: uptimes of
different machines say nothing about a start.

A row of a rollup has the newest session of its bucket, but its first sample and its extremes may be of the session before. So the mark is at
the begin of that row. The machine started within the row if it had been up for less time than in the newest row of the session before, or if
the machine's longest uptime in the session is shorter than the time that the rows of the session span. */ -}}
WITH sessions AS (
  SELECT host, session_id, max(machine_id) AS machine_id, min(first_ts) AS t, max(ts) AS last_ts, min(seq) AS first_seq,
    {{low "uptime_s"}} AS least_up, {{high "uptime_s"}} AS most_up, {{newest_low "uptime_s"}} AS newest_up
  FROM {{samples "host" "machine_id" "session_id" "seq" "first_ts" "uptime_s"}}
  WHERE session_id IS NOT NULL
  GROUP BY 1, 2
), ordered AS (
  SELECT host, t, last_ts, first_seq, least_up, most_up,
    lag(last_ts) OVER (PARTITION BY host, machine_id ORDER BY t, session_id) AS before,
    lag(newest_up) OVER (PARTITION BY host, machine_id ORDER BY t, session_id) AS up_before,
    lag(last_ts) OVER (PARTITION BY host ORDER BY t, session_id) AS host_before
  FROM sessions
), starts AS (
  SELECT host, t,
    CASE WHEN t - least_up > coalesce(before, t - 300) OR least_up < up_before OR most_up < last_ts - t THEN 'Machine started' ELSE 'Collector started' END AS mark,
    row_number() OVER (ORDER BY t DESC, host) AS place
  FROM ordered
  WHERE first_seq = 0 OR coalesce(before, host_before) < t
)
SELECT host, t, CAST(NULL AS double) AS until, mark, 0 AS severity
FROM starts
WHERE place <= 500
ORDER BY t, host

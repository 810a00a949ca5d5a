{{- /* A gap is before a sample that comes more than two intervals after the host's sample before it, of the same or another
session. */ -}}
WITH taken AS (
  SELECT DISTINCT host, session_id, seq, ts, interval_s
  FROM {{samples "host" "session_id" "seq" "interval_s"}}
), spaced AS (
  SELECT host, floor(ts / 3600) * 3600 AS t, interval_s, ts - lag(ts) OVER (PARTITION BY host ORDER BY ts) AS gap
  FROM taken
)
SELECT host, t, count(*) AS samples, floor(3600e0 / nullif(max(interval_s), 0)) AS expected,
  count(CASE WHEN gap > 2e0 * interval_s THEN 1 END) AS gaps, max(gap) AS longest_gap
FROM spaced
GROUP BY host, t
ORDER BY host, t

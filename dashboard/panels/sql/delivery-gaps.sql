{{- /* There is a gap if a sample comes more than two intervals after the previous sample of the host, which may be of another
session. An hour without a sample has one gap if the last sample is more than two intervals ago: the gap lasts since that sample. */ -}}
WITH taken AS (
  SELECT DISTINCT host, session_id, seq, ts, interval_s
  FROM {{samples "host" "session_id" "seq" "interval_s"}}
), spaced AS (
  SELECT host, ts, floor(ts / 3600) * 3600 AS t, interval_s, ts - lag(ts) OVER (PARTITION BY host ORDER BY ts) AS gap
  FROM taken
), hours AS (
  SELECT host, t, count(*) AS samples, max(interval_s) AS interval_s, count(CASE WHEN gap > 2e0 * interval_s THEN 1 END) AS gaps,
    max(gap) AS longest_gap, max(ts) AS last_ts
  FROM spaced
  GROUP BY host, t
), spans AS (
  SELECT host, CAST(min(t) AS bigint) AS begins, CAST(floor(({{to}} - 1e-3) / 3600) * 3600 AS bigint) AS ends, {{last_by "t" "interval_s"}} AS interval_s
  FROM hours
  GROUP BY host
), grid AS (
  SELECT s.host, CAST(hour.t AS double) AS t, s.interval_s
  FROM spans s CROSS JOIN UNNEST({{steps "s.begins" "s.ends" "3600"}}) AS hour (t)
), filled AS (
  SELECT g.host, g.t, h.samples, coalesce(h.interval_s, g.interval_s) AS interval_s, h.gaps, h.longest_gap,
    max(h.last_ts) OVER (PARTITION BY g.host ORDER BY g.t) AS last_ts, CASE WHEN g.t > {{from}} THEN g.t ELSE {{from}} END AS begin_t,
    CASE WHEN g.t + 3600 < {{to}} THEN g.t + 3600 ELSE {{to}} END AS end_t
  FROM grid g LEFT JOIN hours h ON h.host = g.host AND h.t = g.t
)
SELECT host, t, coalesce(samples, 0) AS samples, floor((end_t - begin_t) / nullif(interval_s, 0)) AS expected,
  coalesce(gaps, CASE WHEN end_t - last_ts > 2e0 * interval_s THEN 1 ELSE 0 END) AS gaps,
  CASE WHEN samples IS NULL THEN end_t - last_ts ELSE longest_gap END AS longest_gap
FROM filled
ORDER BY host, t

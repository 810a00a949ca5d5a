{{- /* For each host and slot: the mean, the band of what is normal, and whether the mean is outside of it. The band is made from the slots
at the same time of the week in the weeks before, if at least two of these weeks have values there, or else from the slots before. If the band
is made from the slots before and fewer than eight of them have a value, there is no row. If a host sends less often than once a slot, its
past is the same number of steps, and each step is several slots long, so that the step has a value. */ -}}
{{define "scored"}}WITH means AS (
  SELECT host, {{slot}} AS t, {{mean "metric"}} AS value,
    CASE WHEN max(interval_s) > {{slot_s}} THEN {{slot_s}} * ceil(max(interval_s) / (1e0 * {{slot_s}})) ELSE 1e0 * {{slot_s}} END AS step_s
  FROM {{samples "host" "interval_s" "metric"}}
  GROUP BY 1, 2
), medians AS (
  SELECT p.host, p.t, p.value, p.step_s, {{quantile "w.value" 0.5}} AS median, count(w.value) AS points
  FROM means p JOIN means w ON w.host = p.host
  WHERE p.t >= {{shown}} AND p.value IS NOT NULL AND w.t < p.t AND w.t >= p.t - {{window}} * p.step_s
  GROUP BY p.host, p.t, p.value, p.step_s
), bands AS (
  SELECT m.host, m.t, m.value, m.step_s, m.median,
    4 * (1.4826 * {{quantile "abs(w.value - m.median)" 0.5}} + 0.05 * abs(m.median) + {{slight}}) AS tolerance
  FROM medians m JOIN means w ON w.host = m.host
  WHERE m.points >= 8 AND w.t < m.t AND w.t >= m.t - {{window}} * m.step_s
  GROUP BY m.host, m.t, m.value, m.step_s, m.median
){{if weeks}}, past AS (
  SELECT host, {{slot}} + 604800 * weeks_ago AS at, weeks_ago, {{mean "metric"}} AS value
  FROM {{past "host" "metric"}}
  WHERE metric IS NOT NULL
  GROUP BY 1, 2, 3
), weekly_medians AS (
  SELECT p.host, p.t, p.value, p.step_s, {{quantile "w.value" 0.5}} AS median, count(DISTINCT w.weeks_ago) AS weeks
  FROM means p JOIN past w ON w.host = p.host
  WHERE p.t >= {{shown}} AND p.value IS NOT NULL AND w.at BETWEEN p.t - {{max_distance_s}} AND p.t + {{max_distance_s}}
  GROUP BY p.host, p.t, p.value, p.step_s
), weekly_bands AS (
  SELECT m.host, m.t, m.value, m.step_s, m.median,
    4 * (1.4826 * {{quantile "abs(w.value - m.median)" 0.5}} + 0.05 * abs(m.median) + {{slight}}) AS tolerance
  FROM weekly_medians m JOIN past w ON w.host = m.host
  WHERE m.weeks >= 2 AND w.at BETWEEN m.t - {{max_distance_s}} AND m.t + {{max_distance_s}}
  GROUP BY m.host, m.t, m.value, m.step_s, m.median
), chosen_bands AS (
  SELECT host, t, value, step_s, median, tolerance
  FROM weekly_bands
  UNION ALL
  SELECT b.host, b.t, b.value, b.step_s, b.median, b.tolerance
  FROM bands b LEFT JOIN weekly_bands w ON w.host = b.host AND w.t = b.t
  WHERE w.host IS NULL
){{end}}
SELECT host, t, value, step_s, median, median - tolerance AS low, median + tolerance AS high,
  abs(value - median) / tolerance AS score, abs(value - median) > tolerance AS outside
FROM {{if weeks}}chosen_bands{{else}}bands{{end}}{{end}}

{{- /* The hosts in order, the most unusual first. */ -}}
{{define "most_unusual"}}SELECT host, row_number() OVER (ORDER BY sum(CASE WHEN outside THEN score ELSE 0 END) DESC, max(score) DESC, host) AS place
  FROM scored
  GROUP BY host{{end}}

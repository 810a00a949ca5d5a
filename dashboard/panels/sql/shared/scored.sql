{{- /* For each host and slot: the mean, the band of what is normal, and whether the mean is outside of it. The band is made from the slots
at the same time of the week in the weeks before, if at least two of these weeks have values there, or else from the slots before. If the band
is made from the slots before and fewer than eight of them have a value, there is no row. If a host sends less often than once a slot, its
past is the same number of steps, and each step is several slots long, so that the step has a value. */ -}}
{{define "scored"}}WITH means AS (
  SELECT host, {{slot}} AS t, {{mean "metric"}} AS value,
    CASE WHEN max(interval_s) > {{slot_s}} THEN {{slot_s}} * ceil(max(interval_s) / (1e0 * {{slot_s}})) ELSE 1e0 * {{slot_s}} END AS step_s
  FROM {{samples "host" "interval_s" "metric"}}
  GROUP BY 1, 2
), before AS (
  SELECT host, t, value, step_s, array_agg(value) OVER {{template "slots_before"}} AS usual, count(*) OVER {{template "slots_before"}} AS points
  FROM means
  WHERE value IS NOT NULL
){{if weeks}}, past AS (
  SELECT host, {{slot}} + 604800 * weeks_ago AS at, weeks_ago, {{mean "metric"}} AS value
  FROM {{samples_of_weeks "host" "metric"}}
  WHERE metric IS NOT NULL
  GROUP BY 1, 2, 3
), weekly AS (
  SELECT p.host, p.t, array_agg(w.value) AS usual
  FROM means p JOIN past w ON w.host = p.host
  WHERE p.t >= {{shown}} AND w.at BETWEEN p.t - {{max_distance_s}} AND p.t + {{max_distance_s}}
  GROUP BY p.host, p.t
  HAVING count(DISTINCT w.weeks_ago) >= 2
){{end}}, compared AS (
  SELECT b.host, b.t, b.value, b.step_s, {{if weeks}}coalesce(w.usual, CASE WHEN b.points >= 8 THEN b.usual END){{else}}b.usual{{end}} AS usual
  FROM before b{{if weeks}} LEFT JOIN weekly w ON w.host = b.host AND w.t = b.t{{end}}
  WHERE b.t >= {{shown}}{{if not weeks}} AND b.points >= 8{{end}}
), medians AS (
  SELECT *, {{median_of "usual"}} AS median
  FROM compared
  WHERE usual IS NOT NULL
), bands AS (
  SELECT host, t, value, step_s, median, 4 * (1.4826 * {{median_of (distances "usual" "median")}} + 0.05 * abs(median) + {{slight}}) AS tolerance
  FROM medians
)
SELECT host, t, value, step_s, median, median - tolerance AS low, median + tolerance AS high,
  abs(value - median) / tolerance AS score, abs(value - median) > tolerance AS outside
FROM bands{{end}}

{{- /* The slots that a slot is compared with, if not with those of the weeks before. */ -}}
{{define "slots_before"}}(PARTITION BY host ORDER BY t RANGE BETWEEN {{window}} * step_s PRECEDING AND {{slot_s}} PRECEDING){{end}}

{{- /* The hosts in order, the most unusual first. */ -}}
{{define "most_unusual"}}SELECT host, row_number() OVER (ORDER BY sum(CASE WHEN outside THEN score ELSE 0 END) DESC, max(score) DESC, host) AS place
  FROM scored
  GROUP BY host{{end}}

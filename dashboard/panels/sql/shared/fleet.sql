{{- /* A column of hosts over time. If there are few hosts, the first of them have lines. If there are more, the worst and the picked have lines, and
there are the median and the band of all hosts: see the kind Fleet. */ -}}
{{define "fleet"}}WITH {{template "buckets" .}}, {{template "ranked" args "value" "value" "peak" "high"}}, {{template "coarse" list "value"}}
SELECT b.host, b.t, b.value, b.low, b.high, b.interval_s, r.hosts
FROM buckets b JOIN ranked r ON r.host = b.host
WHERE {{template "fleet_lines"}}
UNION ALL
SELECT '{{median_name}}' AS host, t, {{quantiles "value" 0.05 0.5 0.95}}[2] AS value, {{quantiles "value" 0.05 0.5 0.95}}[1] AS low, {{quantiles "value" 0.05 0.5 0.95}}[3] AS high,
  max(width) AS interval_s, max(hosts) AS hosts
FROM coarse
GROUP BY t
HAVING {{template "arrived"}}
ORDER BY 1, 2
{{end}}

{{- /* Columns of buckets for each host, in buckets that are at least as long as the intervals of most hosts. Without that, a narrow
bucket would have few of the hosts, and the band would jump from bucket to bucket. If there are few hosts, the relation is empty.

Usually the buckets are long enough as they are. To group them again takes half of the time of a chart of 10,000 hosts, so they are not
grouped then, unless the engine would read the samples once more for that. */ -}}
{{define "coarse"}}coarse AS (
{{- if keeps}}
  SELECT b.host, b.t, {{range .}}b.{{.}}, {{end}}w.width, w.hosts, w.reporting
  FROM buckets b CROSS JOIN {{template "width"}}
  WHERE w.width = {{bucket_s}}
  UNION ALL
{{- end}}
  SELECT b.host, floor(b.t / w.width) * w.width AS t, {{range .}}avg(b.{{.}}) AS {{.}}, {{end}}max(w.width) AS width, max(w.hosts) AS hosts, max(w.reporting) AS reporting
  FROM buckets b CROSS JOIN {{template "width"}}
{{- if keeps}}
  WHERE w.width > {{bucket_s}}
{{- end}}
  GROUP BY 1, 2
){{end}}

{{- /* How long these buckets are, how many hosts there are, and how many of them are not silent. There is no row if there are few hosts. */ -}}
{{define "width"}}(
    SELECT ceil({{quantile "interval_s" 0.9}} / {{bucket_s}}) * {{bucket_s}} AS width, count(*) AS hosts, count(newest) AS reporting
    FROM sums
    HAVING count(*) > {{few}}
  ) AS w{{end}}

{{- /* Whether a host of buckets b and ranked r has a line. */ -}}
{{define "fleet_lines"}}r.place <= CASE WHEN r.hosts > {{few}} THEN {{worst}} ELSE {{series}} END{{or_picked "b.host"}}{{end}}

{{- /* Whether a bucket of the fleet, which is a group of coarse by t, has most of the hosts. Samples of different hosts arrive at different
times. So the buckets within the delay of the range's end may have few hosts, whose values are not those of the fleet. The same is true of a
first bucket that begins before the range. Such a bucket is left out unless it has three quarters of the hosts that are not silent: a
quantile of three quarters of the hosts is close to that of all. A host whose interval is longer than a bucket is not in each bucket, but at
most a tenth of the hosts are like that. If more than a quarter of the hosts fall silent, the buckets before the delay show it at once, and
those within the delay are left out until these hosts count as silent. */ -}}
{{define "arrived"}}t >= {{from}} AND t + max(width) <= {{to}} - {{delay}} OR 4 * count(*) >= 3 * max(reporting){{end}}

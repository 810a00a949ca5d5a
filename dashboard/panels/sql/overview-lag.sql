{{- /* The time between taking and processing a sample. It is negative if the clock of the machine is ahead, and is shown so.
*/ -}}
SELECT {{bucket}} AS t, avg(_processed_timestamp - ts) AS lag, max(_processed_timestamp - ts) AS lag_max, max(interval_s) AS interval_s
FROM {{samples "_processed_timestamp" "interval_s"}}
WHERE _processed_timestamp IS NOT NULL
GROUP BY 1
ORDER BY 1

// Package queries are the questions that the stack leaves in Athena, ready to run. They are data: nothing here runs them.
package queries

import "strings"

// Query is one question, in Athena's SQL.
type Query struct {
	ID          string // of the resource, letters only
	Name        string
	Description string
	SQL         string
}

// lastDay restricts a query to the partitions of the last 24 hours. The lists are what Athena computes partitions by, the
// last line is exact. Athena's clock is UTC, as the partitions are.
const lastDay = `year IN (date_format(current_timestamp, '%Y'), date_format(current_timestamp - INTERVAL '1' DAY, '%Y'))
  AND month IN (date_format(current_timestamp, '%m'), date_format(current_timestamp - INTERVAL '1' DAY, '%m'))
  AND day IN (date_format(current_timestamp, '%d'), date_format(current_timestamp - INTERVAL '1' DAY, '%d'))
  AND year || month || day || hour >= date_format(current_timestamp - INTERVAL '1' DAY, '%Y%m%d%H')`

// All returns the queries over a table of the workgroup's database.
func All(table string) []Query {
	fill := strings.NewReplacer("{table}", `"`+table+`"`, "{lastDay}", lastDay)
	all := []Query{
		{
			ID: "PeakCPU", Name: "Peak CPU by hour",
			Description: "The busiest host of each of the last 24 hours, beside the fleet's average",
			SQL: `SELECT date_trunc('hour', event_time) AS at_hour, max_by(hostname, cpu_pct) AS busiest_host,
  round(max(cpu_pct), 1) AS peak_cpu_pct, round(avg(cpu_pct), 1) AS average_cpu_pct
FROM {table}
WHERE {lastDay}
  AND cpu_pct IS NOT NULL
GROUP BY 1
ORDER BY 1`,
		},
		{
			ID: "NetworkErrors", Name: "Hosts with network errors",
			Description: "Hosts that lost or damaged packets in the last 24 hours, and about how many",
			SQL: `SELECT hostname,
  round(sum(interval_s * (coalesce(net_err_in_per_s, 0) + coalesce(net_err_out_per_s, 0)))) AS errors,
  round(sum(interval_s * (coalesce(net_drop_in_per_s, 0) + coalesce(net_drop_out_per_s, 0)))) AS drops,
  max(event_time) FILTER (WHERE coalesce(net_err_in_per_s, 0) + coalesce(net_err_out_per_s, 0)
    + coalesce(net_drop_in_per_s, 0) + coalesce(net_drop_out_per_s, 0) > 0) AS last_seen
FROM {table}
WHERE {lastDay}
GROUP BY hostname
HAVING sum(coalesce(net_err_in_per_s, 0) + coalesce(net_err_out_per_s, 0)
  + coalesce(net_drop_in_per_s, 0) + coalesce(net_drop_out_per_s, 0)) > 0
ORDER BY errors DESC, drops DESC`,
		},
		{
			ID: "CPUAgainstMemory", Name: "CPU against memory by host",
			Description: "Average load of each host in the last 24 hours, and whether its CPU and memory rise together (1) or not (0)",
			SQL: `SELECT hostname, round(avg(cpu_pct), 1) AS cpu_pct, round(avg(ram_pct), 1) AS ram_pct,
  round(corr(cpu_pct, ram_pct), 2) AS correlation, count(*) AS samples
FROM {table}
WHERE {lastDay}
GROUP BY hostname
ORDER BY cpu_pct DESC`,
		},
		{
			ID: "FullestDisks", Name: "Fullest disks",
			Description: "The fullest filesystem of each host now, and how it changed over the last 24 hours",
			SQL: `SELECT hostname, max_by(disk_used_pct, ts) AS used_pct,
  round(max_by(disk_free_bytes, ts) / 1073741824e0, 1) AS free_gib,
  round(max_by(disk_used_pct, ts) - min_by(disk_used_pct, ts), 2) AS change_pct, max(event_time) AS at_time
FROM {table}
WHERE {lastDay}
  AND disk_used_pct IS NOT NULL
GROUP BY hostname
ORDER BY used_pct DESC`,
		},
		{
			ID: "SamplesAndGaps", Name: "Samples and gaps by host and hour",
			Description: "How many samples each host delivered in each of the last 24 hours, how many are missing, and its longest gap",
			SQL: `WITH samples AS (
  SELECT DISTINCT hostname, session_id, seq, ts, interval_s, date_trunc('hour', event_time) AS at_hour
  FROM {table}
  WHERE {lastDay}
), spaced AS (
  SELECT *, ts - lag(ts) OVER (PARTITION BY hostname ORDER BY ts) AS gap_s
  FROM samples
)
SELECT hostname, at_hour, count(*) AS samples, 3600 / max(interval_s) AS expected,
  count(CASE WHEN gap_s > 2 * interval_s THEN 1 END) AS gaps, round(max(gap_s), 1) AS longest_gap_s
FROM spaced
GROUP BY hostname, at_hour
ORDER BY hostname, at_hour`,
		},
		{
			ID: "Duplicates", Name: "Duplicates",
			Description: "Samples of the last 24 hours that were delivered more than once, by host: how many, and how many rows too many",
			SQL: `WITH repeated AS (
  SELECT hostname, session_id, seq, count(*) AS copies
  FROM {table}
  WHERE {lastDay}
  GROUP BY hostname, session_id, seq
  HAVING count(*) > 1
)
SELECT hostname, count(*) AS repeated_samples, sum(copies - 1) AS extra_rows
FROM repeated
GROUP BY hostname
ORDER BY extra_rows DESC`,
		},
	}
	for i := range all {
		all[i].SQL = fill.Replace(all[i].SQL)
	}
	return all
}

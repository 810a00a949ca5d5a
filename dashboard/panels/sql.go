package panels

// The SQL of the panels, in what DuckDB and Trino have in common:
//
//   - time is the column ts, a number, because the functions on timestamps differ;
//   - max_by(x, y) skips a row whose y is NULL in both, one whose x is NULL in DuckDB only, hence [lastKnown];
//   - a time bucket is grouped by its place (GROUP BY 2): two positional parameters are two expressions;
//   - no FILTER on windows, no QUALIFY, no list functions, no casts with colons.

// inRange restricts a query to the chosen time range, by partition and by time, and to the chosen host. The bounds of
// each key alone are what Athena's partition projection can use; the concatenated one is exact in every engine.
const inRange = `year BETWEEN :year_from AND :year_to
    AND month BETWEEN :month_from AND :month_to
    AND day BETWEEN :day_from AND :day_to
    AND hour BETWEEN :hour_from AND :hour_to
    AND year || month || day || hour BETWEEN :from_hour AND :to_hour
    AND ts >= :from AND ts < :to
    AND (:host = '' OR hostname = :host)`

// hostName is the host of a row. Producers other than the collector may leave it out.
const hostName = `coalesce(hostname, '(unnamed)')`

// isSilent is whether a host's newest sample is older than three of its intervals, on top of the time that samples take
// to arrive. A host that does not say its interval is taken to have the collector's default.
const isSilent = `last_ts < :to - :delay - 3 * coalesce(interval_s, 3)`

// lastKnown is the newest value of a column that is present.
func lastKnown(column string) string {
	return "max_by(" + column + ", CASE WHEN " + column + " IS NOT NULL THEN ts END) AS " + column
}

var fleetSQL = `WITH latest AS (
  SELECT ` + hostName + ` AS host, max(ts) AS last_ts, ` + lastKnown("interval_s") + `
  FROM samples
  WHERE ` + inRange + `
  GROUP BY 1
)
SELECT count(*) AS hosts, count(CASE WHEN ` + isSilent + ` THEN 1 END) AS silent, max(last_ts) AS last_ts
FROM latest`

var nowSQL = `WITH latest AS (
  SELECT ` + hostName + ` AS host, max(ts) AS last_ts, ` + lastKnown("interval_s") + `,
    ` + lastKnown("cpu_pct") + `,
    ` + lastKnown("ram_pct") + `,
    ` + lastKnown("disk_busy_pct") + `,
    ` + lastKnown("net_bytes_recv_per_s") + `,
    ` + lastKnown("net_bytes_sent_per_s") + `
  FROM samples
  WHERE ` + inRange + `
  GROUP BY 1
)
SELECT count(*) AS hosts,
  avg(cpu_pct) AS cpu_pct, max(cpu_pct) AS cpu_max, max_by(host, cpu_pct) AS cpu_host,
  avg(ram_pct) AS ram_pct, max(ram_pct) AS ram_max, max_by(host, ram_pct) AS ram_host,
  max(disk_busy_pct) AS disk_busy_pct, max_by(host, disk_busy_pct) AS disk_host,
  sum(net_bytes_recv_per_s) AS net_recv, sum(net_bytes_sent_per_s) AS net_sent
FROM latest
WHERE NOT (` + isSilent + `)`

// trendSQL averages by host first, so that a host that samples more often does not weigh more.
const trendSQL = `WITH by_host AS (
  SELECT ` + hostName + ` AS host, floor(ts / :bucket) * :bucket AS t,
    avg(cpu_pct) AS cpu_pct, avg(ram_pct) AS ram_pct, avg(disk_busy_pct) AS disk_busy_pct,
    avg(net_bytes_recv_per_s) AS net_recv, avg(net_bytes_sent_per_s) AS net_sent
  FROM samples
  WHERE ` + inRange + `
  GROUP BY 1, 2
)
SELECT t, avg(cpu_pct) AS cpu_pct, avg(ram_pct) AS ram_pct, max(disk_busy_pct) AS disk_busy_pct,
  sum(coalesce(net_recv, 0) + coalesce(net_sent, 0)) AS net_total
FROM by_host
GROUP BY t
ORDER BY t`

// byHost gives a column over time for the hosts in which it is highest on average. hosts is how many there are in all.
func byHost(column string) string {
	return `WITH buckets AS (
  SELECT ` + hostName + ` AS host, floor(ts / :bucket) * :bucket AS t,
    avg(` + column + `) AS value, min(` + column + `) AS low, max(` + column + `) AS high, max(interval_s) AS interval_s
  FROM samples
  WHERE ` + inRange + `
    AND ` + column + ` IS NOT NULL
  GROUP BY 1, 2
), ranked AS (
  SELECT host, row_number() OVER (ORDER BY avg(value) DESC, host) AS place, count(*) OVER () AS hosts
  FROM buckets
  GROUP BY host
)
SELECT b.host, b.t, b.value, b.low, b.high, b.interval_s, r.hosts
FROM buckets b JOIN ranked r ON r.host = b.host
WHERE r.place <= :series
ORDER BY b.host, b.t`
}

const networkByHostSQL = `WITH buckets AS (
  SELECT ` + hostName + ` AS host, floor(ts / :bucket) * :bucket AS t,
    avg(net_bytes_recv_per_s) AS recv, avg(net_bytes_sent_per_s) AS sent, max(interval_s) AS interval_s
  FROM samples
  WHERE ` + inRange + `
    AND (net_bytes_recv_per_s IS NOT NULL OR net_bytes_sent_per_s IS NOT NULL)
  GROUP BY 1, 2
), ranked AS (
  SELECT host, row_number() OVER (ORDER BY avg(coalesce(recv, 0) + coalesce(sent, 0)) DESC, host) AS place,
    count(*) OVER () AS hosts
  FROM buckets
  GROUP BY host
)
SELECT b.host, b.t, b.recv, b.sent, b.interval_s, r.hosts
FROM buckets b JOIN ranked r ON r.host = b.host
WHERE r.place <= :series
ORDER BY b.host, b.t`

var lastSeenSQL = `WITH latest AS (
  SELECT ` + hostName + ` AS host, max(ts) AS last_ts, ` + lastKnown("interval_s") + `,
    ` + lastKnown("node_role") + `,
    ` + lastKnown("env") + `,
    ` + lastKnown("cpu_pct") + `,
    ` + lastKnown("ram_pct") + `,
    ` + lastKnown("disk_busy_pct") + `,
    ` + lastKnown("disk_used_pct") + `,
    ` + lastKnown("net_bytes_recv_per_s") + `,
    ` + lastKnown("net_bytes_sent_per_s") + `
  FROM samples
  WHERE ` + inRange + `
  GROUP BY 1
)
SELECT host, node_role, env, last_ts, ` + isSilent + ` AS silent, cpu_pct, ram_pct, disk_busy_pct, disk_used_pct,
  net_bytes_recv_per_s AS net_recv, net_bytes_sent_per_s AS net_sent
FROM latest
ORDER BY host`

package panels

import "strings"

// The SQL of the panels, in what DuckDB and Trino have in common:
//
//   - time is the column ts, a number, because the functions on timestamps differ;
//   - max_by(x, y) skips a row whose y is NULL in both, one whose x is NULL in DuckDB only, hence [lastKnown];
//   - a time bucket is grouped by its place (GROUP BY 2): two positional parameters are two expressions;
//   - a quantile is Trino's approx_percentile, which package lake gives to DuckDB as a macro;
//   - a tag is read where it exists only, as Trino fails on a missing key;
//   - times of day are computed from ts and :offset, as Athena has no notion of the viewer's zone;
//   - no FILTER on windows, no QUALIFY, no list functions, no casts with colons, no LIMIT below an ORDER BY.

// inTime restricts a query to the chosen time range, by partition and by time. The bounds of each key alone are what
// Athena's partition projection can use; the concatenated one is exact in every engine.
const inTime = `year BETWEEN :year_from AND :year_to
    AND month BETWEEN :month_from AND :month_to
    AND day BETWEEN :day_from AND :day_to
    AND hour BETWEEN :hour_from AND :hour_to
    AND year || month || day || hour BETWEEN :from_hour AND :to_hour
    AND ts >= :from AND ts < :to`

// The restrictions to what a viewer has chosen.
const (
	andHost = `
    AND (:host = '' OR coalesce(hostname, '(unnamed)') = :host)`
	andEnv = `
    AND (:env = '' OR coalesce(env, '(none)') = :env)`
	andRole = `
    AND (:role = '' OR coalesce(node_role, '(none)') = :role)`
	andTag = `
    AND (:tag = '' OR CASE WHEN contains(map_keys(tags), :tag) THEN tags[:tag] END = :tag_value)`
)

// chosenOnly takes out the restrictions to what was not chosen: an engine would read their columns all the same, and Athena
// bills that.
func chosenOnly(sql, host, env, role, tag string) string {
	for restriction, chosen := range map[string]string{andHost: host, andEnv: env, andRole: role, andTag: tag} {
		if chosen == "" {
			sql = strings.ReplaceAll(sql, restriction, "")
		}
	}
	return sql
}

// inRange restricts a query to all that is chosen.
const inRange = inTime + andHost + andEnv + andRole + andTag

// hostName is the host of a row. Producers other than the collector may leave it out.
const hostName = `coalesce(hostname, '(unnamed)')`

// envName is the environment of a row.
const envName = `coalesce(env, '(none)')`

// bucket is the beginning of the time bucket that a row belongs to, slot that of the coarser one.
const (
	bucket = `floor(ts / :bucket) * :bucket`
	slot   = `floor(ts / :slot) * :slot`
)

// errorRate is the errors and drops of a row together, NULL where none is known.
const errorRate = `CASE WHEN coalesce(net_err_in_per_s, net_err_out_per_s, net_drop_in_per_s, net_drop_out_per_s) IS NOT NULL
    THEN coalesce(net_err_in_per_s, 0) + coalesce(net_err_out_per_s, 0)
      + coalesce(net_drop_in_per_s, 0) + coalesce(net_drop_out_per_s, 0) END`

// pressure is the highest of the three pressures of a row.
const pressure = `CASE
    WHEN io_pressure_pct >= coalesce(mem_pressure_pct, 0) AND io_pressure_pct >= coalesce(cpu_pressure_pct, 0) THEN io_pressure_pct
    WHEN mem_pressure_pct >= coalesce(cpu_pressure_pct, 0) THEN mem_pressure_pct
    ELSE cpu_pressure_pct END`

// meansByHost averages columns by host, as the common table expression means.
func meansByHost(columns ...string) string {
	return `WITH means AS (
  SELECT ` + hostName + ` AS host, ` + averages(columns) + `
  FROM samples
  WHERE ` + inRange + `
  GROUP BY 1
)`
}

// averages lists the means of columns by their names.
func averages(columns []string) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = "avg(" + c + ") AS " + c
	}
	return strings.Join(list, ", ")
}

// topHosts gives the means of columns for the ten hosts in which order is highest.
func topHosts(order string, columns ...string) string {
	list := strings.Join(columns, ", ")
	return meansByHost(columns...) + `, ranked AS (
  SELECT host, ` + list + `, row_number() OVER (ORDER BY ` + order + ` DESC, host) AS place
  FROM means
  WHERE ` + order + ` IS NOT NULL
)
SELECT host, ` + list + `
FROM ranked
WHERE place <= 10
ORDER BY place`
}

// fleetTotals sums columns over the hosts, over time. It averages by host first.
func fleetTotals(columns ...string) string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = "sum(" + c + ") AS " + c
	}
	return fleetOverTime(columns, strings.Join(list, ", "))
}

// fleetMeans averages columns over the hosts, over time.
func fleetMeans(columns ...string) string { return fleetOverTime(columns, averages(columns)) }

func fleetOverTime(columns []string, list string) string {
	return `WITH by_host AS (
  SELECT ` + hostName + ` AS host, ` + bucket + ` AS t, ` + averages(columns) + `, max(interval_s) AS interval_s
  FROM samples
  WHERE ` + inRange + `
  GROUP BY 1, 2
)
SELECT t, ` + list + `, max(interval_s) AS interval_s
FROM by_host
GROUP BY t
ORDER BY t`
}

// isSilent is whether a host's newest sample is older than three of its intervals, on top of the time that samples take
// to arrive. A host that does not say its interval is taken to have the collector's default.
const isSilent = `last_ts < :to - :delay - 3 * coalesce(interval_s, 3)`

// lastKnown is the newest value of a column that is present.
func lastKnown(column string) string { return lastKnownOf(column, column) }

// lastKnownOf is the newest value of an expression that is not NULL.
func lastKnownOf(expression, name string) string {
	return "max_by(" + expression + ", CASE WHEN " + expression + " IS NOT NULL THEN ts END) AS " + name
}

// byHost gives a column over time for the hosts in which it is highest on average. hosts is how many there are in all.
func byHost(column string) string { return linesBy(hostName, ByHost, column) }

// linesBy gives a column over time by a dimension, for those of its values in which the column is highest on average.
func linesBy(name string, by Dimension, column string) string {
	return strings.NewReplacer("{by}", string(by), "{name}", name, "{column}", column).Replace(`WITH buckets AS (
  SELECT {name} AS {by}, ` + bucket + ` AS t,
    avg({column}) AS value, min({column}) AS low, max({column}) AS high, max(interval_s) AS interval_s
  FROM samples
  WHERE ` + inRange + `
    AND {column} IS NOT NULL
  GROUP BY 1, 2
), ranked AS (
  SELECT {by}, row_number() OVER (ORDER BY avg(value) DESC, {by}) AS place, count(*) OVER () AS hosts
  FROM buckets
  GROUP BY {by}
)
SELECT b.{by}, b.t, b.value, b.low, b.high, b.interval_s, r.hosts
FROM buckets b JOIN ranked r ON r.{by} = b.{by}
WHERE r.place <= :series
ORDER BY b.{by}, b.t`)
}

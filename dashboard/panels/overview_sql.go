package panels

import (
	"fmt"
	"strconv"
	"strings"
)

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
var trendSQL = `WITH by_host AS (
  SELECT ` + hostName + ` AS host, ` + bucket + ` AS t,
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

var lastSeenSQL = `WITH latest AS (
  SELECT ` + hostName + ` AS host, max(ts) AS last_ts, ` + lastKnown("interval_s") + `,
    ` + lastKnown("node_role") + `,
    ` + lastKnown("env") + `,
    ` + lastKnown("cpu_pct") + `,
    ` + lastKnown("ram_pct") + `,
    ` + lastKnown("disk_busy_pct") + `,
    ` + lastKnown("disk_used_pct") + `,
    ` + lastKnown("net_bytes_recv_per_s") + `,
    ` + lastKnown("net_bytes_sent_per_s") + `,
    ` + lastKnownOf(errorRate, "errors") + `,
    ` + lastKnownOf(pressure, "pressure") + `
  FROM samples
  WHERE ` + inRange + `
  GROUP BY 1
)
SELECT host, node_role, env, last_ts, ` + isSilent + ` AS silent, cpu_pct, ram_pct, disk_busy_pct, disk_used_pct,
  net_bytes_recv_per_s AS net_recv, net_bytes_sent_per_s AS net_sent, errors, pressure
FROM latest
ORDER BY host`

// lagSQL tells how long after it was taken a sample was processed. A clock ahead makes a lag negative; that is shown.
var lagSQL = `SELECT ` + bucket + ` AS t, avg(_processed_timestamp - ts) AS lag, max(_processed_timestamp - ts) AS lag_max,
  max(interval_s) AS interval_s
FROM samples
WHERE ` + inRange + `
  AND _processed_timestamp IS NOT NULL
GROUP BY 1
ORDER BY 1`

// problem is a reading of a host that should stay below its thresholds.
type problem struct {
	name, column string
	mean         string // what is compared, over [attentionStep]
	unit         Unit
	Thresholds
}

func problems() []problem {
	return []problem{
		{"CPU", "cpu", "avg(cpu_pct)", Percent, loaded},
		{"Memory", "ram", "avg(ram_pct)", Percent, loaded},
		{"Busiest disk", "busy", "avg(disk_busy_pct)", Percent, loaded},
		{"Disk full", "used", "avg(disk_used_pct)", Percent, filled},
		{"Network errors", "errors", "avg(" + errorRate + ")", PerSecond, erroneous},
		{"Pressure", "pressure", "avg(" + pressure + ")", Percent, pressed},
		{"Inodes used up", "inodes", "avg(inodes_used_pct)", Percent, filled},
		// Their samples are mixed up on every page. Machines that had the name one after the other are not two of one name.
		{"Host name of several machines", "machines", "count(DISTINCT machine_id)", Count, several},
	}
}

// attentionStep is the time over which readings are averaged before they are compared, in seconds: a single high reading
// is no trouble, and a single low one does not end it.
const attentionStep = 5 * minuteSeconds

// attentionSQL finds the hosts whose newest mean is at or above where it warns, and those that are silent. A problem is
// there since the end of the last step in which it was not, or at least since the first step of the range.
func attentionSQL() string {
	var means, latest, found strings.Builder
	step := strconv.Itoa(attentionStep)
	for _, p := range problems() {
		fmt.Fprintf(&means, ",\n    %s AS %s", p.mean, p.column)
		fmt.Fprintf(&latest, ",\n    max_by(%[1]s, CASE WHEN %[1]s IS NOT NULL THEN t END) AS %[1]s,"+
			"\n    max(CASE WHEN %[1]s < %[2]g THEN t END) AS %[1]s_ok", p.column, p.Warn)
		fmt.Fprintf(&found, `
  UNION ALL
  SELECT host, node_role, env, '%[1]s' AS problem, '%[2]s' AS unit, %[3]s AS value,
    coalesce(%[3]s_ok + `+step+`, first_t) AS since, CASE WHEN %[3]s >= %[5]g THEN 2 ELSE 1 END AS severity
  FROM latest
  WHERE NOT (`+isSilent+`) AND %[3]s >= %[4]g`, p.name, p.unit, p.column, p.Warn, p.Critical)
	}
	return `WITH means AS (
  SELECT ` + hostName + ` AS host, floor(ts / ` + step + `) * ` + step + ` AS t, max(ts) AS last_ts, max(interval_s) AS interval_s,
    max(node_role) AS node_role, max(env) AS env` + means.String() + `
  FROM samples
  WHERE ` + inRange + `
  GROUP BY 1, 2
), latest AS (
  SELECT host, max(last_ts) AS last_ts, max(interval_s) AS interval_s, min(t) AS first_t,
    max(node_role) AS node_role, max(env) AS env` + latest.String() + `
  FROM means
  GROUP BY host
), found AS (
  SELECT host, node_role, env, 'Silent' AS problem, '` + string(Duration) + `' AS unit, :to - last_ts AS value, last_ts AS since, 2 AS severity
  FROM latest
  WHERE ` + isSilent + found.String() + `
)
SELECT host, node_role, env, problem, unit, value, since, severity
FROM found
ORDER BY severity DESC, since DESC, host, problem`
}

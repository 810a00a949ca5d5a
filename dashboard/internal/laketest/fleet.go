package laketest

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // the driver that WriteFleet uses

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Fleet is a seeded fleet over days: a rhythm of day and week, bursts, a memory leak, disks that fill up, a network card
// that loses packets, a machine that dies before the end. The same fleet gives the same rows.
type Fleet struct {
	Hosts    int
	From, To time.Time // To is not included
	Interval time.Duration
	Seed     uint64
}

// WriteFleet writes a fleet below dir, a file or a few for each hour, and returns the number of rows. DuckDB computes and writes
// the rows, millions of them in seconds.
func WriteFleet(t TB, dir string, f Fleet) (rows int64) {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Fatalf("%v", err)
		}
	}()
	table := filepath.Join(dir, Prefix)
	if err := os.MkdirAll(table, 0o755); err != nil {
		t.Fatalf("%v", err)
	}
	exec := func(statement string) int64 {
		r, err := db.ExecContext(context.Background(), statement)
		if err != nil {
			t.Fatalf("%v\n%s", err, statement)
		}
		n, err := r.RowsAffected()
		if err != nil {
			t.Fatalf("%v", err)
		}
		return n
	}
	exec("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
	exec(fleetFunctions)
	exec(f.hosts())
	step := max(time.Hour, (fleetStep * f.Interval / time.Duration(f.Hosts)).Truncate(time.Hour))
	for from := f.From; from.Before(f.To); from = from.Add(step) {
		rows += exec("COPY (" + f.rows(from, earlier(from.Add(step), f.To)) + ") TO '" + table +
			"' (FORMAT parquet, COMPRESSION snappy, PARTITION_BY (year, month, day, hour), APPEND, FILENAME_PATTERN 'fleet-{uuid}')")
	}
	return rows
}

// fleetStep is how many rows are made at once, more or less; they are held in memory.
const fleetStep = 500_000

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// hosts makes the table of hosts and their characters.
func (f Fleet) hosts() string {
	rng := rand.New(rand.NewPCG(f.Seed, 2))
	roles := []string{"web", "web", "web", "web", "db", "db", "worker", "worker", "cache", "gateway"}
	envs := []string{"prod", "prod", "prod", "staging", "dev"}
	count := map[string]int{}
	var b strings.Builder
	b.WriteString("CREATE TABLE hosts AS SELECT * FROM (VALUES ")
	for i := range f.Hosts {
		role, env := roles[i%len(roles)], envs[(i/2)%len(envs)]
		count[role]++
		cpu, swing := 12+22*rng.Float64(), 8+18*rng.Float64()
		peak := 14 + 3*rng.NormFloat64() // hour at which a day is busiest
		switch role {
		case "worker":
			peak = 2.5 // batch jobs run at night
			cpu, swing = 14, 34
		case "gateway":
			cpu, swing = 8, 6
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "(%d, '%s-%02d', '%s', '%s', '%s', 'r%02d', '%016x', %d, %d, %.3f, %.3f, %.3f, %.3f, %.1f, %.1f, %.3f, %.3f)",
			i, role, count[role], role, env, []string{"core", "data", "edge"}[i%3], i/6, rng.Uint64(),
			4<<(i%3), int64(16<<(i%3))<<30, cpu, swing, peak, 28+38*rng.Float64(),
			3e5*(1+9*rng.Float64()), 2e5*(1+14*rng.Float64()), 30+45*rng.Float64(), max(0, 1.1*rng.Float64()-0.45))
	}
	b.WriteString(") h(i, hostname, role, env, team, rack, session_id, cores, ram, cpu, swing, peak, ram_base, net, disk, used, growth)")
	return b.String()
}

// fleetFunctions: u is noise in 0..1 of a host at a tick, v the same as a smooth curve.
const fleetFunctions = `
CREATE MACRO u(i, n, k) AS hash(i, n::BIGINT, k) / 18446744073709551616.0;
CREATE MACRO v(i, x, k) AS u(i, floor(x), k) * (1 - (x - floor(x))) + u(i, floor(x) + 1, k) * (x - floor(x));
CREATE MACRO pct(x) AS round(least(100, greatest(0, x)), 2);
CREATE MACRO rate(x) AS round(greatest(0, x), 1);
CREATE MACRO burst(i, ts, k, often, most) AS CASE
  WHEN u(i, floor(ts / 10800), k) < often
    AND ts - floor(ts / 10800) * 10800 - 9000 * u(i, floor(ts / 10800), k + 1) BETWEEN 0 AND 300 + 1400 * u(i, floor(ts / 10800), k + 2)
  THEN most ELSE 0 END`

// rows is the query for the samples of the times from first to last.
func (f Fleet) rows(first, last time.Time) string {
	step := f.Interval.Seconds()
	begin, end := record.TS(f.From), record.TS(f.To)
	// What each host does besides its rhythm. The rates of the dying one end 40 minutes before the end.
	times := fmt.Sprintf(`SELECT %[1]f + range * %[2]f AS ts, range AS seq, (%[1]f + range * %[2]f + 40 + 25 * u(0, range // 20, 23))::BIGINT AS processed
  FROM range(%[3]d, %[4]d)`, begin, step, ticks(first.Sub(f.From), f.Interval), ticks(last.Sub(f.From), f.Interval))
	// Texts of times are made once for all hosts, as they take the most time.
	texts := `SELECT *, ts AS epoch_timestamp, make_timestamp((ts * 1e6)::BIGINT) AS event_time, strftime(event_time, '%Y-%m-%d %H:%M:%S') AS datetime,
    datetime AS "timestamp", datetime[:10] AS "date", datetime[15:16] AS "minute", dayname(event_time) AS day_of_week, processed AS _processed_timestamp,
    strftime(make_timestamp(processed * 1000000), '%Y-%m-%dT%H:%M:%SZ') AS _processed_at,
    datetime[:4] AS "year", datetime[6:7] AS "month", datetime[9:10] AS "day", datetime[12:13] AS "hour"
  FROM ticks`
	derived := fmt.Sprintf(`SELECT h.*, s.*,
    (sin(2 * pi() * (ts / 3600 - h.peak + 6) / 24) + 1) / 2 * CASE WHEN (floor(ts / 86400) + 3) %% 7 >= 5 AND role <> 'worker' THEN 0.45 ELSE 1 END AS rhythm,
    burst(i, ts, 100, 0.025, 45) AS busy, burst(i, ts, 200, 0.02, 60) AS reading,
    CASE WHEN i = 9 THEN burst(i, ts, 300, 0.5, 1) ELSE burst(i, ts, 300, 0.01, 1) END AS faulty
  FROM hosts h, times s
  WHERE NOT (i = 6 AND ts > %[1]f - 2400) AND NOT (i = 8 AND ts BETWEEN %[1]f - 1700 AND %[1]f - 1100)`, end)
	values := fmt.Sprintf(`SELECT *,
    pct(cpu + swing * rhythm + 7 * (v(i, ts / 300, 1) - 0.5) + 9 * (u(i, seq, 2) - 0.5) + busy
      + CASE WHEN i = 4 AND ts > %[1]f - 5400 THEN 58 ELSE 0 END) AS cpu_pct,
    pct(ram_base + 6 * rhythm + 5 * v(i, ts / 1800, 3) + 0.6 * u(i, seq, 4)
      + CASE WHEN i = 1 THEN 62 * ((ts - %[1]f + 10 * 86400) / 129600 - floor((ts - %[1]f + 10 * 86400) / 129600)) ELSE 0 END) AS ram_pct,
    pct(3 + 14 * rhythm * u(i, 0, 5) + 6 * u(i, seq, 6) + reading + busy / 3) AS disk_busy_pct,
    pct(least(97, used + growth * (ts - %[1]f + 1209600) / 86400) + 0.2 * v(i, ts / 7200, 7)) AS disk_used_pct,
    net * (0.25 + rhythm) * (0.6 + 0.8 * v(i, ts / 120, 8)) * (0.8 + 0.4 * u(i, seq, 9)) AS recv,
    disk * (0.2 + rhythm) * (0.5 + v(i, ts / 90, 10)) * (0.5 + u(i, seq, 11)) * (1 + reading / 6) AS io
  FROM derived`, end)
	columns := map[string]string{
		"session_id": "session_id", "seq": "seq", "ts": "ts", "interval_s": fmt.Sprintf("%d::INTEGER", int(step)), "hostname": "hostname",
		"os": "'linux'", "os_v": "'debian 13.1'", "arch": "CASE WHEN i % 3 = 0 THEN 'arm64' ELSE 'amd64' END", "node_role": "role", "env": "env",
		"tags": "MAP {'team': team, 'rack': rack}", "cpu_pct": "cpu_pct", "cpu_user_pct": "pct(cpu_pct * 0.68)", "cpu_system_pct": "pct(cpu_pct * 0.26)",
		"cpu_iowait_pct": "pct(disk_busy_pct * 0.09)", "cpu_steal_pct": "pct(cpu_pct * 0.05 * u(i, seq, 12))", "cpu_count": "cores::INTEGER",
		"load1": "round(cores * cpu_pct / 100 * (0.8 + 0.5 * v(i, ts / 60, 13)), 2)", "load5": "round(cores * cpu_pct / 100 * (0.85 + 0.3 * v(i, ts / 300, 14)), 2)",
		"load15": "round(cores * cpu_pct / 100 * (0.9 + 0.2 * v(i, ts / 900, 15)), 2)", "ram_pct": "ram_pct", "swap_pct": "pct((ram_pct - 85) * 2)",
		"ram_total_bytes": "ram::BIGINT", "ram_used_bytes": "(ram * ram_pct / 100)::BIGINT", "ram_available_bytes": "(ram * (1 - ram_pct / 100))::BIGINT",
		"swap_used_bytes": "(pct((ram_pct - 85) * 2) * 4e7)::BIGINT", "net_bytes_recv_per_s": "rate(recv)", "net_bytes_sent_per_s": "rate(recv * (0.3 + 0.5 * u(i, 0, 16)))",
		"net_packets_recv_per_s": "rate(recv / 900)", "net_packets_sent_per_s": "rate(recv / 1400)",
		"net_err_in_per_s": "rate(faulty * 6 * u(i, seq, 17))", "net_err_out_per_s": "rate(faulty * 2 * u(i, seq, 18))",
		"net_drop_in_per_s": "rate(faulty * 14 * u(i, seq, 19) + CASE WHEN recv > 2.2e6 THEN 0.4 ELSE 0 END)", "net_drop_out_per_s": "rate(faulty * u(i, seq, 20))",
		"disk_read_bytes_per_s": "rate(io * 0.4)", "disk_write_bytes_per_s": "rate(io * 0.6)", "disk_read_ops_per_s": "rate(io * 0.4 / 16000)",
		"disk_write_ops_per_s": "rate(io * 0.6 / 9000)", "disk_busy_pct": "disk_busy_pct", "disk_used_pct": "disk_used_pct",
		"disk_free_bytes": "(5e11 * (1 - disk_used_pct / 100))::BIGINT", "cpu_pressure_pct": "pct((cpu_pct - 62) * 0.6)", "mem_pressure_pct": "pct((ram_pct - 90) * 1.5)",
		"io_pressure_pct": "pct((disk_busy_pct - 45) * 0.7)", "procs": "(180 + 60 * u(i, 0, 21) + 14 * v(i, ts / 600, 22))::INTEGER",
		"uptime_s":        "(86400 * (3 + i) + ts - " + fmt.Sprintf("%f", begin) + ")::BIGINT",
		"disk_used_mount": "CASE WHEN role = 'db' THEN '/data' ELSE '/' END", "disk_busy_device": "CASE WHEN u(i, seq, 24) < 0.9 THEN 'nvme0n1' ELSE 'nvme1n1' END",
		"inodes_used_pct": "pct(disk_used_pct * (0.1 + 0.3 * u(i, 0, 25)))", "cpu_core_max_pct": "pct(cpu_pct * (1.1 + u(i, seq, 26)))", "machine_id": "md5(hostname)",
	}
	var list []string
	for _, c := range record.SampleColumns() {
		list = append(list, columns[c.Name]+` AS "`+c.Name+`"`)
	}
	for _, c := range record.EnrichmentColumns() {
		list = append(list, `"`+c.Name+`"`)
	}
	for _, key := range record.PartitionKeys() {
		list = append(list, `"`+key+`"`)
	}
	return "WITH ticks AS (" + times + "), times AS MATERIALIZED (" + texts + "), derived AS (" + derived + "), sampled AS (" + values + ")\nSELECT " + strings.Join(list, ",\n  ") + "\nFROM sampled"
}

// ticks is how many intervals begin before a time.
func ticks(d, interval time.Duration) int64 { return int64((d + interval - 1) / interval) }

package panels

import "strings"

// Metric is a column that a viewer may choose for the panels that show any metric.
type Metric struct {
	Column string `json:"column"`
	Label  string `json:"label"`
	Unit   Unit   `json:"unit"`
	// Least is a difference that is too small to be of interest, in the metric's unit.
	Least float64 `json:"least"`
}

// Metrics returns the metrics to choose from. The first is the default.
func Metrics() []Metric {
	return []Metric{
		{"cpu_pct", "CPU", Percent, 1},
		{"ram_pct", "Memory", Percent, 1},
		{"disk_busy_pct", "Busiest disk", Percent, 1},
		{"disk_used_pct", "Disk used", Percent, 0.2},
		{"load1", "Load", Load, 0.1},
		{"net_bytes_recv_per_s", "Received", BytesPerSecond, 2000},
		{"net_bytes_sent_per_s", "Sent", BytesPerSecond, 2000},
		{"disk_read_bytes_per_s", "Disk read", BytesPerSecond, 2000},
		{"disk_write_bytes_per_s", "Disk written", BytesPerSecond, 2000},
		{"io_pressure_pct", "Pressure on I/O", Percent, 1},
	}
}

// MetricOf returns the metric of a column, the default one for an empty name, and whether it exists.
func MetricOf(column string) (Metric, bool) {
	all := Metrics()
	if column == "" {
		return all[0], true
	}
	for _, m := range all {
		if m.Column == column {
			return m, true
		}
	}
	return Metric{}, false
}

func metricNames() string {
	var names []string
	for _, m := range Metrics() {
		names = append(names, m.Column)
	}
	return strings.Join(names, ", ")
}

// value is the SQL of the metric.
func (m Metric) value() string { return plausible(m.Column, contract[m.Column]) }

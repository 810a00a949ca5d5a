package status

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/retry"
)

// metricsType is the media type of the text format, version 0.0.4 (Prometheus documentation, "Exposition formats").
const metricsType = "text/plain; version=0.0.4; charset=utf-8"

// exposition writes metrics in the text format.
type exposition struct{ strings.Builder }

// escape escapes a label's value.
var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func (e *exposition) family(name, kind, help string) {
	fmt.Fprintf(e, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// value writes a value of a family. labels are names and values in turn.
func (e *exposition) value(name string, v float64, labels ...string) {
	e.WriteString(name)
	for i := 0; i < len(labels); i += 2 {
		fmt.Fprintf(e, `%c%s="%s"`, "{,"[min(i, 1)], labels[i], escape.Replace(labels[i+1]))
	}
	if len(labels) > 0 {
		e.WriteByte('}')
	}
	e.WriteString(" " + strconv.FormatFloat(v, 'g', -1, 64) + "\n")
}

func (e *exposition) gauge(name, help string, v float64) {
	e.family(name, "gauge", help)
	e.value(name, v)
}

func (e *exposition) counter(name, help string, v int64) {
	e.family(name, "counter", help)
	e.value(name, float64(v))
}

// WriteMetrics writes a report as metrics. The names have the units: seconds, bytes.
func WriteMetrics(w io.Writer, r Report, now time.Time) error {
	var e exposition
	e.family("metrics_edge_build_info", "gauge", "The collector's version.")
	e.value("metrics_edge_build_info", 1, "version", r.Version)
	e.gauge("metrics_edge_start_time_seconds", "When the collector started, Unix time.", unix(r.StartedAt))
	e.gauge("metrics_edge_healthy", "Whether samples are taken on time.", number(r.Healthy))
	e.gauge("metrics_edge_interval_seconds", "Time between samples.", r.IntervalS)
	e.counter("metrics_edge_samples_taken_total", "Samples taken.", r.Samples.Taken)
	e.counter("metrics_edge_samples_delivered_total", "Samples accepted by Firehose.", r.Samples.Delivered)
	e.family("metrics_edge_samples_dropped_total", "counter", "Samples that will not be delivered, by reason.")
	for _, reason := range Reasons {
		e.value("metrics_edge_samples_dropped_total", float64(r.Samples.Dropped[reason]), "reason", reason)
	}
	e.gauge("metrics_edge_spool_samples", "Samples that wait to be delivered.", float64(r.Samples.Waiting))
	e.gauge("metrics_edge_spool_memory_samples", "Samples that wait in memory only.", float64(r.Spool.MemoryLines))
	e.gauge("metrics_edge_spool_bytes", "Size of the spool's files.", float64(r.Spool.Bytes))
	e.gauge("metrics_edge_spool_max_bytes", "Size limit of the spool.", float64(r.Spool.MaxBytes))
	e.counter("metrics_edge_spool_set_aside_total", "Damaged segments set aside.", r.Spool.SetAside)
	e.gauge("metrics_edge_spool_lost_samples", "Samples dropped or damaged since the spool was first used.", float64(r.Spool.Lost))
	age := 0.0
	if r.Spool.OldestAgeS != nil {
		age = *r.Spool.OldestAgeS
	}
	e.gauge("metrics_edge_spool_oldest_seconds", "Age of the oldest sample that waits, 0 if none waits.", age)
	e.counter("metrics_edge_records_delivered_total", "Records accepted by Firehose.", r.Delivery.Records)
	e.counter("metrics_edge_requests_total", "Attempts to send a request to Firehose, failed ones included.", r.Delivery.Requests)
	e.counter("metrics_edge_retries_total", "Attempts that repeated a failed one, whole or in part. If a record waits because it was refused as invalid, the next attempt with it does not count.", r.Delivery.Retries)
	if r.Delivery.LastAt != nil {
		e.gauge("metrics_edge_last_delivery_seconds", "Time since a record was last accepted.", now.Sub(*r.Delivery.LastAt).Seconds())
	}
	e.counter("metrics_edge_collector_failures_total", "Readings that failed.", r.CollectorFailures)
	e.family("metrics_edge_failing", "gauge", "Failures in a row of what fails now.")
	for _, p := range merged(r.Problems) {
		e.value("metrics_edge_failing", float64(p.Failures), "subject", p.Subject)
	}
	if f := r.LastError; f != nil {
		e.family("metrics_edge_last_error_timestamp_seconds", "gauge", "When something last failed, Unix time; /status says why.")
		e.value("metrics_edge_last_error_timestamp_seconds", unix(f.At), "subject", f.Subject)
	}
	_, err := io.WriteString(w, e.String())
	return err
}

// merged adds up the problems of the same subject: a series may occur only once.
func merged(problems []retry.Problem) []retry.Problem {
	var sums []retry.Problem
	for _, p := range problems {
		if i := slices.IndexFunc(sums, func(s retry.Problem) bool { return s.Subject == p.Subject }); i >= 0 {
			sums[i].Failures += p.Failures
			continue
		}
		sums = append(sums, p)
	}
	return sums
}

func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

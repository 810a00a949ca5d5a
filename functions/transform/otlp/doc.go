// Package otlp converts host metrics in OTLP/JSON into samples. The receiver hostmetrics of the OpenTelemetry Collector makes such metrics.
//
// A document is a MetricsData or an ExportMetricsServiceRequest: an object with the member resourceMetrics
// (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). Its points become one sample for each machine and collection.
//
// The transform keeps no state. So a counter that counts since the start has no rate. Rates and times need differences (delta
// temporality), which the collector's processor cumulativetodelta makes. Gauges, such as system.cpu.utilization, and sums that are not
// counters need only one point.
//
// The files are the steps:
//
//	decode.go    reads the JSON
//	group.go     groups the points by machine and collection
//	resource.go  the machine's name and labels
//	host.go      CPU, memory, load
//	devices.go   disks, filesystems, interfaces
//
// The package does not read traces, logs, histograms, or metrics of processes.
package otlp

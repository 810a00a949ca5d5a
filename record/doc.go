// Package record is the contract of Metrics Dashboard. It says what a sample is.
//
// It alone defines the names, types, units and order of the columns, the JSON line on the wire, the pack that carries lines,
// and the partition of a timestamp. The collector, the transform, the Glue table, the local Parquet writer and the dashboard
// use these definitions. To add a column, add one field to [Sample].
//
// It is not a metrics library: it does not read machines or open connections. It imports the standard library only.
package record

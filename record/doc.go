// Package record is the contract of Metrics Dashboard: what a sample is.
//
// Names, types, units, order, the JSON line on the wire, the pack that carries lines, the columns of the table and the
// partition of a timestamp are defined here and nowhere else. The collector, the transform, the Glue table, the local
// Parquet writer and the dashboard all derive from it, so a column is added by adding one field to [Sample].
//
// It is not a metrics library: it reads no machine, opens no connection and imports the standard library only.
package record

package cost

import "math"

// Line is one item of the month's bill.
type Line struct {
	Name   string
	Packed Item // if collectors send packs, as edge does
	Single Item // if collectors send each sample as a record
}

// Item is a quantity and what it costs.
type Item struct {
	Quantity float64
	Unit     string
	USD      float64
}

// Estimate returns the bill of a month.
func (f Fleet) Estimate() []Line {
	var (
		packed  = f.bill(f.packed())
		single  = f.bill(f.single())
		summary []Line
	)
	for i, p := range packed {
		summary = append(summary, Line{Name: p.name, Packed: p.Item, Single: single[i].Item})
	}
	return summary
}

// Total returns the sum of a bill.
func Total(lines []Line) (packed, single float64) {
	for _, l := range lines {
		packed += l.Packed.USD
		single += l.Single.USD
	}
	return packed, single
}

type named struct {
	name string
	Item
}

func (f Fleet) bill(t traffic) []named {
	item := func(name string, quantity float64, unit string, price float64) named {
		return named{name, Item{quantity, unit, quantity * price}}
	}
	var (
		invocations = f.invocations(t)
		computed    = (f.samples()/(TransformRate*cores) + invocations*startTime.Seconds()) * memoryGiB
		objects     = f.objects()
		stored      = f.samples() * parquetBytes * float64(f.Stored) / gib
	)
	return append([]named{
		item("Firehose: ingest, in steps of 5,120 bytes", t.billed/gib, "GiB", ingestGiB),
		item("Firehose: conversion to Parquet", t.billed/gib, "GiB", conversionGiB),
		item("Firehose: dynamic partitioning, at most", f.samples()*enrichedBytes/gib, "GiB", partitioningGiB),
		item("Firehose: partitioned objects", objects, "objects", partitionObject),
		item("Lambda: requests", invocations, "requests", lambdaRequest),
		item("Lambda: compute", computed, "GiB-s", lambdaGiBSecond),
		item("S3: PUTs", objects, "objects", putObject),
		item("S3: storage", stored, "GiB", storageGiBMonth),
		item("Rollup: Athena reads samples and hours", f.rollupScan()/gib, "GiB", athenaTiB/1024),
		{"Rollup: S3 storage, Intelligent-Tiering", f.rollupStorage()},
		item("Rollup: S3 lists and PUTs", f.rollupRequests(), "requests", putObject),
		{"Rollup: S3 keeps an eye on objects", f.rollupObjects()},
		item("Rollup: Lambda", runs*rollupRunTime.Seconds()*memoryGiB, "GiB-s", lambdaGiBSecond),
		item("Glue: crawler", f.Crawls*crawlerDPUs*crawlerHours, "DPU-h", crawlerDPUHour),
		item("Athena: allowance for queries", f.AthenaGiB, "GiB", athenaTiB/1024),
		item("CloudWatch: logs", invocations*logBytes/gib, "GiB", logGiB),
		item("CloudWatch: alarms", alarms, "alarms", alarm),
		item("CloudWatch: dashboard", 1, "board", dashboard),
	}, f.alerts(item)...)
}

// invocations returns how often Firehose invokes the transform: when the processor's buffer is full or has waited its time.
func (f Fleet) invocations(t traffic) float64 {
	bySize := t.bytes / processorBytes
	byTime := month.Seconds() / processorWindow
	return math.Max(bySize, math.Min(byTime, t.records))
}

// objects returns how many objects Firehose writes: one in each buffering interval or when the buffer is full, and one more for each new
// hour.
func (f Fleet) objects() float64 {
	return math.Ceil(math.Max(month.Seconds()/f.Buffering.Seconds(), f.samples()*enrichedBytes/bufferBytes)) + month.Hours()
}

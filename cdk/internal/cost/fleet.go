// Package cost estimates what a month of a fleet costs. It knows prices and what was measured; it reads no bill and no
// account, and counts nothing as free.
package cost

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Fleet is what the estimate is for.
type Fleet struct {
	Hosts      int
	Interval   time.Duration // between samples of a host
	MaxLatency time.Duration // that a collector lets a sample wait for others
	Buffering  time.Duration // of the delivery stream
	Crawls     float64       // runs of the crawler in a month
	Stored     int           // months of samples that the bucket holds
	AthenaGiB  float64       // read by queries in a month
}

// Default returns a fleet with the defaults of edge and stack.
func Default() Fleet {
	return Fleet{
		Hosts: 100, Interval: 3 * time.Second, MaxLatency: record.MaxLatency, Buffering: 5 * time.Minute,
		Stored: 12, AthenaGiB: 100,
	}
}

// Validate returns all that is wrong with a fleet.
func (f Fleet) Validate() error {
	var problems []error
	check := func(ok bool, flag string, value any, want string) {
		if !ok {
			problems = append(problems, fmt.Errorf("--%s: %v is not allowed; want %s", flag, value, want))
		}
	}
	check(f.Hosts >= 1 && f.Hosts <= 1_000_000, "hosts", f.Hosts, "1-1000000")
	check(f.Interval >= time.Second && f.Interval <= time.Hour, "interval", f.Interval, "1s-1h")
	check(f.MaxLatency >= 0 && f.MaxLatency <= 15*time.Minute, "max-latency", f.MaxLatency, "0s-15m")
	check(f.Buffering >= time.Minute && f.Buffering <= 15*time.Minute, "buffering-time", f.Buffering, "1m-15m")
	check(f.Crawls >= 0 && f.Crawls <= 10000, "crawls", f.Crawls, "0-10000 a month")
	check(f.Stored >= 0 && f.Stored <= 1200, "stored-months", f.Stored, "0-1200")
	check(f.AthenaGiB >= 0 && f.AthenaGiB <= 1e9, "athena-gib", f.AthenaGiB, "0 or more")
	return errors.Join(problems...)
}

// month is AWS's month of 730 hours.
const month = 730 * time.Hour

// What was measured, on real samples of Linux hosts with 2026's columns.
const (
	lineBytes     = 910  // of a sample as a line of JSON
	packedBytes   = 127  // of a sample within a gzip-compressed pack of two minutes; TestBill in edge/internal/e2e
	enrichedBytes = 1300 // of a sample as the transform returns it
	// Of a sample in Parquet with Snappy. The local delivery writes 105 (BENCHMARKS.md); Firehose's own writer is not known, and
	// is taken for half as good.
	parquetBytes = 200
	// TransformRate is how many samples a second the transform takes on one core: less than BENCHMARKS.md has, as a Lambda's core is slower.
	TransformRate = 200_000
	startTime     = 2 * time.Millisecond // of an invocation
	memoryGiB     = 0.25
	// Cores that a function of that memory has: 1,769 MB are one (Lambda developer guide, "Configure Lambda function memory").
	cores    = memoryGiB * 1024 / 1769
	logBytes = 600 // of an invocation
)

// Roundings and what else the services and package stack set.
const (
	billedStep     = record.BilledStep
	processorBytes = record.ProcessorMB * 1e6 // of records that one invocation gets at most
	crawlerDPUs    = 2.0                      // commonly seen; AWS publishes no number
	crawlerHours   = 1.0 / 6                  // least that a run is billed for
	alarms         = 5
	gib            = 1 << 30
)

// processorWindow is how long records wait for an invocation at most, in seconds.
var processorWindow = record.ProcessorWindow.Seconds()

// samples in a month.
func (f Fleet) samples() float64 { return float64(f.Hosts) * month.Seconds() / f.Interval.Seconds() }

// traffic is what collectors send in a month.
type traffic struct {
	records float64
	bytes   float64 // as sent
	billed  float64 // bytes, as Firehose bills them
}

// packed is what edge sends: a pack is closed when its first sample has waited long enough, and when the hour turns. A
// pack of more steps than one is cut where a step is full.
func (f Fleet) packed() traffic {
	perHour := time.Hour.Seconds() / f.Interval.Seconds()
	inPack := math.Floor(f.MaxLatency.Seconds()/f.Interval.Seconds()) + 1
	if steps := math.Floor(inPack * packedBytes / billedStep); steps >= 1 {
		inPack = math.Floor(steps * billedStep / packedBytes)
	}
	inPack = math.Min(inPack, perHour)
	packs := math.Ceil(perHour/inPack) * month.Hours() * float64(f.Hosts)
	return traffic{
		records: packs,
		bytes:   f.samples() * packedBytes,
		billed:  packs * rounded(inPack*packedBytes),
	}
}

// single is what a collector that puts each sample as a record of its own would send.
func (f Fleet) single() traffic {
	return traffic{records: f.samples(), bytes: f.samples() * lineBytes, billed: f.samples() * rounded(lineBytes)}
}

// rounded is what Firehose bills for a record of n bytes.
func rounded(n float64) float64 { return math.Ceil(n/billedStep) * billedStep }

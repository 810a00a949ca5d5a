// Package cost estimates what a month of a fleet costs. It uses list prices and measurements. It does not read an account's
// bill, and it counts nothing as free.
package cost

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Fleet describes the machines and the stack that an estimate is for.
type Fleet struct {
	Hosts      int
	Interval   time.Duration // between samples of a host
	MaxLatency time.Duration // how long a collector lets a sample wait for others
	Buffering  time.Duration // of the delivery stream
	Crawls     float64       // runs of the crawler in a month
	Stored     int           // months of samples that the bucket holds
	Rolled     int           // months of rollups that the bucket holds
	AthenaGiB  float64       // that queries read in a month
	// AlertsEvery is the time between two runs of the alerts; 0 if they are off.
	AlertsEvery time.Duration
}

// Default returns a fleet with the default settings of edge and of the stack.
func Default() Fleet {
	return Fleet{
		Hosts: 100, Interval: 3 * time.Second, MaxLatency: record.MaxLatency, Buffering: 5 * time.Minute,
		Stored: 12, Rolled: 12, AthenaGiB: 100,
	}
}

// Validate returns all problems of a fleet, joined.
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
	check(f.Rolled >= 0 && f.Rolled <= 1200, "rolled-months", f.Rolled, "0-1200")
	check(f.AthenaGiB >= 0 && f.AthenaGiB <= 1e9, "athena-gib", f.AthenaGiB, "0 or more")
	check(f.AlertsEvery == 0 || f.AlertsEvery >= time.Minute && f.AlertsEvery <= time.Hour, "alerts-every", f.AlertsEvery, "1m-1h, or 0s for off")
	return errors.Join(problems...)
}

// month is the month of AWS's pricing pages: 730 hours.
const month = 730 * time.Hour

// Measurements on real samples of Linux hosts, with the columns of 2026.
const (
	lineBytes     = 1085 // of a sample as a line of JSON, the details of one sample in twenty shared out
	packedBytes   = 136  // of a sample within a gzip-compressed pack of two minutes; TestBill in edge/internal/e2e
	enrichedBytes = 1475 // of a sample as the transform returns it
	// Of a sample in Parquet with Snappy. The local delivery writes 112 (BENCHMARKS.md). Firehose's writer was not measured; the
	// estimate takes almost twice as much.
	parquetBytes = 200
	// TransformRate is how many samples a second the transform handles on one core. It is less than in BENCHMARKS.md, because a
	// Lambda function's core is slower.
	TransformRate = 150_000
	startTime     = 2 * time.Millisecond // of an invocation
	memoryGiB     = 0.25
	// A function with 1,769 MB has one core (Lambda developer guide, "Configure Lambda function memory").
	cores    = memoryGiB * 1024 / 1769
	logBytes = 600 // of an invocation
)

// Values that the services and package stack set.
const (
	billedStep     = record.BilledStep
	processorBytes = record.ProcessorMB * 1e6 // most bytes of records for one invocation
	crawlerDPUs    = 2.0                      // a common value; AWS publishes no number
	crawlerHours   = 1.0 / 6                  // shortest time that a run is billed for
	alarms         = 6
	bufferBytes    = 64 << 20 // most bytes of samples in an object
	gib            = 1 << 30
)

// processorWindow is the longest time, in seconds, that a record waits for an invocation.
var processorWindow = record.ProcessorWindow.Seconds()

// samples returns how many samples the fleet takes in a month.
func (f Fleet) samples() float64 { return float64(f.Hosts) * month.Seconds() / f.Interval.Seconds() }

// traffic holds what collectors send in a month.
type traffic struct {
	records float64
	bytes   float64 // as sent
	billed  float64 // bytes, as Firehose bills them
}

// packed returns the traffic of edge. edge closes a pack when its first sample has waited for MaxLatency and at the end of the
// hour. It also closes a pack of more than one billed step at the end of a full step.
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

// single returns the traffic if each sample is a record of its own.
func (f Fleet) single() traffic {
	return traffic{records: f.samples(), bytes: f.samples() * lineBytes, billed: f.samples() * rounded(lineBytes)}
}

// rounded returns how many bytes Firehose bills for a record of n bytes.
func rounded(n float64) float64 { return math.Ceil(n/billedStep) * billedStep }

package cost

import (
	"math"
	"time"
)

// Measurements on the rollups of a simulated fleet of 100 hosts, as DuckDB writes them with Zstandard at level 9: 291 to 302 bytes a minute at
// 3 s, and 500 bytes an hour and 1,227 bytes a day at 15 s, with lists of 7 processes, 6 units and 2 sensors. Rows of 500 hosts are smaller.
// Athena's writer was not measured.
const (
	minuteRowBytes = 300  // of a row of samples_1m
	hourRowBytes   = 500  // of a row of samples_1h
	dayRowBytes    = 1230 // of a row of samples_1d
)

// What is assumed of the rollup's function and of Athena. AWS publishes no numbers.
const (
	lateReads         = 0.25 // share of periods that are read again because samples came late
	filesPerStatement = 4    // objects that Athena writes, besides the manifest and the metadata
	rollupRunTime     = 30 * time.Second
	objectsPerList    = 1000
	sampleDays        = 14 + 1 // days that a run lists: how old a sample may be, and today (default settings)
	listsPerRun       = 3      // of a day: samples, minutes, hours; one list has all days
)

var (
	runs       = month.Hours()    // of the function in a month
	rolled     = runs + 2*runs/24 // periods: hours for the minutes, days for the hours, days for the days
	statements = rolled * (1 + lateReads)
)

// rollupScan returns how many bytes Athena reads in a month for the rollups: the samples of each hour once for the minutes, those of
// each day once for the hours, and the hours of each day once for the days.
func (f Fleet) rollupScan() float64 {
	hour, days := f.hourBytes(), month.Hours()/24
	hours := float64(f.Hosts) * 24 * hourRowBytes
	return (1 + lateReads) * (month.Hours()*math.Max(hour, leastScanBytes) + days*math.Max(24*hour, leastScanBytes) + days*math.Max(hours, leastScanBytes))
}

// rollupBytes returns how many bytes of rollups a month has.
func (f Fleet) rollupBytes() float64 {
	return float64(f.Hosts) * (month.Minutes()*minuteRowBytes + month.Hours()*hourRowBytes + month.Hours()/24*dayRowBytes)
}

// rollupStorage returns the price of the rollups that the bucket holds. S3 moves an object to a cheaper tier 30 and 90 days after somebody
// has read it last, and reading it costs no more there (Amazon S3 user guide, "How S3 Intelligent-Tiering works").
func (f Fleet) rollupStorage() Item {
	usd := 0.
	for age := range f.Rolled {
		switch {
		case age < 1:
			usd += frequentGiBMonth
		case age < 3:
			usd += infrequentGiBMonth
		default:
			usd += archiveGiBMonth
		}
	}
	bytes := f.rollupBytes()
	return Item{bytes * float64(f.Rolled) / gib, "GiB", usd * bytes / gib}
}

// rollupRequests returns the PUTs and lists of a month.
func (f Fleet) rollupRequests() float64 {
	days := math.Ceil(month.Hours() / 24 * float64(f.Rolled) * filesPerStatement / objectsPerList)
	pages := sampleDays*listsPerRun + f.objects()/month.Hours()*24*sampleDays/objectsPerList + days
	return statements*(filesPerStatement+2) + runs*pages
}

// rollupObjects returns the price of Intelligent-Tiering that goes by objects.
func (f Fleet) rollupObjects() Item {
	written := statements * filesPerStatement
	kept := rolled * filesPerStatement * float64(f.Rolled)
	return Item{kept, "objects", kept*watchedObject + written*movedObject}
}

// further returns what a further machine costs in a month, in USD, if the bucket holds so many months of samples and of rollups. See [Line]
// for packed and single.
func (f Fleet) further(stored, rolled int) (packed, single float64) {
	f.Stored, f.Rolled = stored, rolled
	more := f
	more.Hosts *= 2
	packed, single = Total(f.Estimate())
	morePacked, moreSingle := Total(more.Estimate())
	return (morePacked - packed) / float64(f.Hosts), (moreSingle - single) / float64(f.Hosts)
}

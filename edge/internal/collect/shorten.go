package collect

import (
	"math"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// How many significant digits the numbers of details keep. The details of a large server have about 150 numbers, and each further
// digit of them costs a sixteenth of what its details cost. A rate changes by more than a percent from minute to minute; it is wrong by
// half a percent at most. The free space is wrong by as much, but the size and the percentage in use give it more exactly. Memory may
// grow slowly; it is wrong by a twentieth of a percent at most.
const (
	digits         = 3
	digitsOfMemory = 4
)

// Shorten rounds the amounts and rates of a sample's details. Sizes and limits, which do not change, stay as they are.
func Shorten(s *record.Sample) {
	for i := range s.Filesystems {
		shortLong(digits, &s.Filesystems[i].FreeBytes)
	}
	for i := range s.Disks {
		d := &s.Disks[i]
		short(&d.ReadBytesPerS, &d.WriteBytesPerS, &d.ReadOpsPerS, &d.WriteOpsPerS, &d.BusyPct, &d.AwaitMs)
	}
	for i := range s.Interfaces {
		n := &s.Interfaces[i]
		short(&n.RecvBytesPerS, &n.SentBytesPerS, &n.RecvPacketsPerS, &n.SentPacketsPerS, &n.ErrPerS, &n.DropPerS)
	}
	for i := range s.Processes {
		p := &s.Processes[i]
		short(&p.CPUPct, &p.ReadBytesPerS, &p.WriteBytesPerS)
		shortLong(digitsOfMemory, &p.RSSBytes)
	}
	for i := range s.Units {
		u := &s.Units[i]
		short(&u.CPUPct, &u.ReadBytesPerS, &u.WriteBytesPerS)
		shortLong(digitsOfMemory, &u.MemoryBytes)
	}
}

func short(fields ...*record.Float) {
	for _, f := range fields {
		if v, ok := f.Get(); ok {
			*f = record.Some(significant(v, digits))
		}
	}
}

func shortLong(digits int, f *record.Long) {
	if v, ok := f.Get(); ok {
		*f = record.Some(int64(significant(float64(v), digits)))
	}
}

// significant rounds a number to its first digits.
func significant(v float64, digits int) float64 {
	if v == 0 {
		return 0
	}
	// Powers of ten above 1 are exact, so that whole numbers stay whole.
	if above := int(math.Floor(math.Log10(math.Abs(v)))) + 1 - digits; above > 0 {
		unit := math.Pow10(above)
		return math.Round(v/unit) * unit
	} else if above > -300 {
		unit := math.Pow10(-above)
		return math.Round(v*unit) / unit
	}
	return 0
}

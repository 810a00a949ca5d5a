package collect

import (
	"math"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// digits is how many significant digits the numbers of details keep. An error of a twentieth of a percent does not change who used
// most, and each further digit of a few hundred numbers costs a tenth of the bill for details.
const digits = 4

// Shorten rounds the amounts and rates of a sample's details. Sizes and limits, which do not change, stay as they are.
func Shorten(s *record.Sample) {
	for i := range s.Filesystems {
		shortLong(&s.Filesystems[i].FreeBytes)
	}
	for i := range s.Disks {
		d := &s.Disks[i]
		short(&d.ReadBytesPerS, &d.WriteBytesPerS, &d.ReadOpsPerS, &d.WriteOpsPerS)
	}
	for i := range s.Interfaces {
		n := &s.Interfaces[i]
		short(&n.RecvBytesPerS, &n.SentBytesPerS, &n.RecvPacketsPerS, &n.SentPacketsPerS, &n.ErrPerS, &n.DropPerS)
	}
	for i := range s.Processes {
		p := &s.Processes[i]
		short(&p.CPUPct, &p.ReadBytesPerS, &p.WriteBytesPerS)
		shortLong(&p.RSSBytes)
	}
	for i := range s.Units {
		u := &s.Units[i]
		short(&u.CPUPct, &u.ReadBytesPerS, &u.WriteBytesPerS)
		shortLong(&u.MemoryBytes)
	}
}

func short(fields ...*record.Float) {
	for _, f := range fields {
		if v, ok := f.Get(); ok {
			*f = record.Some(significant(v))
		}
	}
}

func shortLong(f *record.Long) {
	if v, ok := f.Get(); ok {
		*f = record.Some(int64(significant(float64(v))))
	}
}

// significant rounds a number to its first digits.
func significant(v float64) float64 {
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

package e2e

import (
	"fmt"
	"math/rand/v2"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// largeServer makes the details of a server with 10 filesystems, 6 disks and 6 interfaces. Three of the disks and interfaces have
// traffic, as on a database server, with other numbers each time.
type largeServer struct {
	rng   *rand.Rand
	used  []float64
	first bool
}

func newLargeServer() largeServer {
	l := largeServer{rng: rand.New(rand.NewPCG(4, 2)), first: true}
	for range 10 {
		l.used = append(l.used, 5+90*l.rng.Float64())
	}
	return l
}

// about returns a number near the mean.
func (l *largeServer) about(mean float64) record.Float {
	return record.Some(mean * (.5 + l.rng.Float64()))
}

func (l *largeServer) fill(s *record.Sample) {
	const size = 500 << 30
	s.Filesystems, s.Disks, s.Interfaces = nil, nil, nil
	for i := range l.used {
		if i%3 == 0 { // the others do not change within minutes
			l.used[i] = min(99, l.used[i]+.02*l.rng.Float64())
		}
		s.Filesystems = append(s.Filesystems, record.Filesystem{
			Mount: fmt.Sprintf("/var/lib/data/volume-%02d", i), Device: fmt.Sprintf("/dev/mapper/vg0-volume%02d", i), FSType: "xfs",
			UsedPct: record.Some(l.used[i]), FreeBytes: record.Some(int64(size*(100-l.used[i])/100) &^ 4095), TotalBytes: record.Some[int64](size),
			InodesUsedPct: record.Some(float64(i) / 7),
		})
	}
	for i := range 6 {
		d, n := record.Disk{Device: fmt.Sprintf("nvme%dn1", i)}, record.Interface{Name: fmt.Sprintf("ens%d", i), SpeedBitsPerS: record.Some[int64](25e9)}
		busy := 0.
		if i < 3 {
			busy = 1
		}
		d.ReadBytesPerS, d.WriteBytesPerS, d.ReadOpsPerS, d.WriteOpsPerS = l.about(3e6*busy), l.about(9e6*busy), l.about(80*busy), l.about(300*busy)
		d.BusyPct = l.about(12 * busy)
		if busy > 0 {
			d.AwaitMs = l.about(.8)
		}
		n.RecvBytesPerS, n.SentBytesPerS, n.RecvPacketsPerS, n.SentPacketsPerS = l.about(6e6*busy), l.about(2e7*busy), l.about(9e3*busy), l.about(2e4*busy)
		n.ErrPerS, n.DropPerS = record.Some(0.), record.Some(0.)
		s.Disks, s.Interfaces = append(s.Disks, d), append(s.Interfaces, n)
	}
	if l.first { // there are no rates yet
		l.first = false
		for i := range s.Disks {
			s.Disks[i] = record.Disk{Device: s.Disks[i].Device}
			s.Interfaces[i] = record.Interface{Name: s.Interfaces[i].Name, SpeedBitsPerS: s.Interfaces[i].SpeedBitsPerS}
		}
	}
}

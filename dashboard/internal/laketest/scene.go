package laketest

import (
	"math"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Scene returns the samples of six machines over the given time with things worth seeing: a rhythm, a runaway, a memory
// leak, a busy disk, a gap, and a machine that fell silent three quarters through.
func Scene(from, to time.Time, interval time.Duration) []record.Sample {
	samples := Samples(6, from, to, interval)
	span := to.Sub(from).Seconds()
	names := []string{"web-01", "web-02", "db-01", "worker-01", "worker-02", "cache-01"}
	index := map[string]int{}
	kept := samples[:0]
	for _, s := range samples {
		i, ok := index[s.SessionID]
		if !ok {
			i = len(index)
			index[s.SessionID] = i
		}
		x := (s.TS - record.TS(from)) / span
		if i == 4 && x > 0.75 || i == 5 && x > 0.42 && x < 0.5 {
			continue
		}
		s.Hostname = names[i]
		s.NodeRole = names[i][:len(names[i])-3]
		kept = append(kept, shape(s, i, x))
	}
	return kept
}

// shape gives machine i its behaviour at x, 0..1 through the scene, on top of its noise.
func shape(s record.Sample, i int, x float64) record.Sample {
	noise := s.CPUPct.Or(0) - 29
	wave := math.Sin(2 * math.Pi * (x*3 + float64(i)/6))
	cpu := 24 + 6*float64(i%3) + 9*wave + noise*0.35
	ram := 38 + 7*float64(i) + 2*wave
	disk := 6 + 4*float64(i%2) + s.DiskBusyPct.Or(0)*0.6
	switch i {
	case 1:
		ram = 46 + 48*x*x
	case 2:
		disk = 34 + 22*math.Sin(2*math.Pi*x*5) + s.DiskBusyPct.Or(0)*2
	case 3:
		if x > 0.6 {
			cpu = 91 + noise*0.25
		}
	}
	limit := func(v float64) record.Float { return record.Some(min(100, max(0, v))) }
	s.CPUPct, s.RAMPct, s.DiskBusyPct = limit(cpu), limit(ram), limit(disk)
	rate := (1.4 + wave) * float64(6-i)
	s.NetBytesRecvPerS = record.Some(rate*4e5 + s.NetBytesRecvPerS.Or(0)*0.15)
	s.NetBytesSentPerS = record.Some(rate*2.2e5 + s.NetBytesSentPerS.Or(0)*0.15)
	return s
}

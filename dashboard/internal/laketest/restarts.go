package laketest

import (
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Restarts returns the samples of two machines over an hour from from on, every 10 s. The first machine's collector starts again
// after 20 minutes, the whole machine after 40, and from minute 5 to minute 15 its CPU is at 95 %. Nothing happens to the second.
func Restarts(from time.Time) []record.Sample {
	const interval = 10 * time.Second
	samples := Samples(2, from, from.Add(time.Hour), interval)
	first := samples[0].Hostname
	session, seq, booted := "before", int64(1000), from.Add(-24*time.Hour)
	for i := range samples {
		s := &samples[i]
		at := time.UnixMilli(record.Millis(s.TS)).UTC()
		s.CPUPct, s.UptimeS = record.Some(10.0), record.Some(int64(at.Sub(from.Add(-24*time.Hour)).Seconds()))
		s.RAMPct, s.DiskBusyPct, s.DiskUsedPct = record.Some(20.0), record.Some(5.0), record.Some(30.0)
		s.CPUPressurePct, s.MemPressurePct, s.IOPressurePct = record.Some(0.0), record.Some(0.0), record.Some(0.0)
		s.NetErrInPerS, s.NetErrOutPerS, s.NetDropInPerS, s.NetDropOutPerS = record.Some(0.0), record.Some(0.0), record.Some(0.0), record.Some(0.0)
		s.InodesUsedPct = record.Some(3.0)
		if s.Hostname != first {
			s.SessionID, s.Seq = "other", 5000+s.Seq
			continue
		}
		switch at.Sub(from) {
		case 20 * time.Minute:
			session, seq = "collector", 0
		case 40 * time.Minute:
			session, seq, booted = "machine", 0, at.Add(-5*time.Second)
		}
		if minute := at.Sub(from).Minutes(); minute >= 5 && minute < 15 {
			s.CPUPct = record.Some(95.0)
		}
		s.SessionID, s.Seq, s.UptimeS = session, seq, record.Some(int64(at.Sub(booted).Seconds()))
		seq++
	}
	return samples
}

package fleet

import (
	"math"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Sample takes the sample of a time; false where the machine is down or silent then. Times must not go back.
func (h *Host) Sample(t time.Time, interval time.Duration) (record.Sample, bool) {
	seconds := interval.Seconds()
	h.live(t, seconds)
	if t.Before(h.down) || h.dead(t) {
		return record.Sample{}, false
	}
	s := h.sample
	s.TS, s.SessionID, s.Seq, s.IntervalS = record.TS(t.Add(h.skew)), h.session, h.seq, int32(max(1, math.Round(seconds)))
	h.fill(&s, t, seconds)
	h.seq++
	return s, true
}

// dead says that the machine has been lost for good.
func (h *Host) dead(t time.Time) bool { return h.story == dying && !t.Before(h.death) }

// chance is whether something happens in a time that happens every mean time on average.
func (h *Host) chance(seconds float64, mean time.Duration) bool {
	return h.rng.Float64() < -math.Expm1(-seconds/mean.Seconds())
}

// live moves what goes wrong with a machine on.
func (h *Host) live(t time.Time, seconds float64) {
	if t.Before(h.down) {
		return
	}
	switch h.story {
	case leak:
		h.leaked += seconds / (60 * time.Hour).Seconds() * (1 - h.kind.ram)
		if h.kind.ram+h.leaked > .97 {
			h.restart(t)
		}
	case filling:
		h.used += seconds / (10 * 24 * time.Hour).Seconds()
		if h.used > .96 {
			h.used = .4
		}
	case neighbour:
		if h.chance(seconds, 5*time.Hour) {
			h.noisyUntil = t.Add(10*time.Minute + time.Duration(h.rng.Int64N(int64(40*time.Minute))))
		}
	case dying:
		if h.chance(seconds, 18*time.Hour) {
			h.restart(t)
		}
	case flaky:
		if h.chance(seconds, 30*time.Hour) {
			h.restart(t)
		}
	case nothing, skewed:
	}
}

// restart takes a machine down for some minutes; the collector begins a new session then.
func (h *Host) restart(t time.Time) {
	h.down = t.Add(time.Minute + time.Duration(h.rng.Int64N(int64(4*time.Minute))))
	h.boot, h.leaked = h.down, 0
	h.newSession()
}

// job says whether the machine's batch job runs at a time.
func (h *Host) job(t time.Time) bool {
	if h.kind.jobEvery == 0 {
		return false
	}
	offset := time.Duration((h.phase + 2) * float64(time.Hour)) // about 2:00
	return t.Add(-offset).Sub(t.Add(-offset).Truncate(h.kind.jobEvery)) < h.kind.jobTime
}

// fill fills the readings. Rates are absent in the first sample of a session, as they are in a collector's.
func (h *Host) fill(s *record.Sample, t time.Time, seconds float64) {
	rhythm := h.rhythm(t)
	job, noisy := 0., 0.
	if h.job(t) {
		job = 1
	}
	if t.Before(h.noisyUntil) {
		noisy = 1
	}
	noise := h.cpu.step(h.rng, seconds)
	busy := clamp(h.kind.cpu*rhythm*(1+noise)+55*job, .3, 99)
	steal := noisy * (18 + 12*math.Abs(h.rng.NormFloat64()))
	wait := job * 6 * (1 + .3*h.rng.NormFloat64())
	// All of it has to fit into the time there is.
	if over := busy + max(0, wait) + steal; over > 100 {
		busy, wait, steal = busy*100/over, wait*100/over, steal*100/over
	}
	user := busy * (.74 + .03*h.rng.NormFloat64())
	first := h.seq == 0
	if !first {
		s.CPUPct = percent(busy + steal)
		s.CPUUserPct, s.CPUSystemPct = percent(user), percent(busy-user)
		s.CPUIOWaitPct, s.CPUStealPct = percent(max(0, wait)), percent(steal)
		// A load of few tasks is less even than one of many, and what is stolen is stolen of each core.
		s.CPUCoreMaxPct = percent(busy*(1+h.rng.ExpFloat64()*4/float64(h.kind.cores)) + steal)
	}
	h.fillLoad(s, busy+steal, seconds)
	h.fillMemory(s, rhythm, job, seconds)
	if !first {
		h.fillNetwork(s, t, rhythm, job, seconds)
		h.fillDisk(s, rhythm, job, seconds)
	}
	disk := float64(h.kind.diskGiB * gib)
	s.DiskUsedPct, s.DiskFreeBytes = percent(100*h.used), record.Some(int64(disk*(1-h.used)))
	s.InodesUsedPct = percent(100 * h.used * h.kind.inodes)
	s.CPUPressurePct = percent(max(0, busy+steal-70) * .8)
	s.MemPressurePct = percent(max(0, s.RAMPct.Or(0)-92) * 4)
	s.IOPressurePct = percent(max(0, wait)*1.5 + .2*math.Abs(h.rng.NormFloat64()))
	s.Procs = record.Some(int32(150 + float64(h.kind.cores)*6 + 40*rhythm + 30*job + 3*h.rng.NormFloat64()))
	s.UptimeS = record.Some(int64(t.Sub(h.boot).Seconds()))
}

func (h *Host) fillLoad(s *record.Sample, busy, seconds float64) {
	runnable := busy / 100 * float64(h.kind.cores) * (1 + max(0, busy-85)/30)
	for i, minutes := range [...]float64{1, 5, 15} {
		if h.load[i] == 0 {
			h.load[i] = runnable
		}
		h.load[i] += (runnable - h.load[i]) * -math.Expm1(-seconds/60/minutes)
	}
	s.Load1, s.Load5, s.Load15 = record.Some(h.load[0]), record.Some(h.load[1]), record.Some(h.load[2])
}

func (h *Host) fillMemory(s *record.Sample, rhythm, job, seconds float64) {
	total := float64(h.kind.ramGiB * gib)
	part := clamp(h.kind.ram*(1+.08*(rhythm-1)+h.ram.step(h.rng, seconds))+h.leaked+.08*job, .05, .985)
	used := int64(total * part)
	s.RAMPct, s.RAMUsedBytes = percent(100*part), record.Some(used)
	s.RAMAvailableBytes = record.Some(int64(total) - used)
	swapped := max(0, part-.9) * 2
	s.SwapPct, s.SwapUsedBytes = percent(100*swapped), record.Some(int64(swapped*4*gib))
}

func (h *Host) fillNetwork(s *record.Sample, t time.Time, rhythm, job, seconds float64) {
	sent := h.kind.netMB * 1e6 * rhythm * math.Exp(h.net.step(h.rng, seconds)) * (1 + 2*job)
	received := sent * (.55 + .1*h.rng.Float64())
	s.NetBytesSentPerS, s.NetBytesRecvPerS = record.Some(sent), record.Some(received)
	s.NetPacketsSentPerS, s.NetPacketsRecvPerS = record.Some(sent/900), record.Some(received/700)
	failing := 0.
	if h.story == dying { // worse and worse until the end
		failing = clamp(t.Sub(h.start).Seconds()/h.death.Sub(h.start).Seconds(), 0, 1)
	}
	s.NetErrInPerS = record.Some(40 * failing * failing * h.rng.ExpFloat64())
	s.NetErrOutPerS = record.Some(6 * failing * failing * h.rng.ExpFloat64())
	drops := 0.
	if h.rng.Float64() < .002 || failing > .5 {
		drops = 3 * h.rng.ExpFloat64()
	}
	s.NetDropInPerS, s.NetDropOutPerS = record.Some(drops), record.Some(0.)
}

func (h *Host) fillDisk(s *record.Sample, rhythm, job, seconds float64) {
	written := h.kind.diskMB * 1e6 * rhythm * math.Exp(h.disk.step(h.rng, seconds)) * (1 + 6*job)
	read := written * (.3 + 1.5*job)
	s.DiskReadBytesPerS, s.DiskWriteBytesPerS = record.Some(read), record.Some(written)
	s.DiskReadOpsPerS, s.DiskWriteOpsPerS = record.Some(read/24_000), record.Some(written/16_000)
	s.DiskBusyPct = percent((read + written) / 2.5e6 * (1 + .2*h.rng.NormFloat64()))
	s.DiskBusyDevice = h.kind.device
}

func clamp(v, low, high float64) float64 { return min(high, max(low, v)) }

// percent is a reading in percent, within its bounds.
func percent(v float64) record.Float { return record.Some(clamp(v, 0, 100)) }

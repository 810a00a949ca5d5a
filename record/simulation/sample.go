package simulation

import (
	"math"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

const page = 4096 // bytes of memory, and of a block of a filesystem

// What a batch job takes: percent of the CPU time of all cores, and parts of the memory and of all reads and writes.
const (
	jobCPU    = 55
	jobMemory = .08
	jobIO     = 6. / 7
)

// runawayPart is the part of the CPU time in use that a runaway takes from all other programs.
const runawayPart = .8

// fill fills the readings. Rates are absent in the first sample of a session, as they are in a collector's.
func (h *Host) fill(s *record.Sample, t time.Time, seconds float64) {
	rhythm, job := h.rhythm(t), h.happens(Job)
	if h.kind.jobEvery > 0 && h.jobAt(t).at(t) {
		job = 1
	}
	noise := h.cpu.step(h.rng, seconds)
	busy := clamp(h.kind.cpu*rhythm*(1+noise)+jobCPU*job, .3, 99)
	runaway := 0.
	if h.happens(Runaway) == 1 {
		busy = clamp(94+8*noise, busy, 99)
		runaway = runawayPart
	}
	steal := h.happens(Steal) * (18 + 12*math.Abs(h.rng.NormFloat64()))
	slow := h.happens(SlowDisk)
	wait := job*6*(1+.3*h.rng.NormFloat64()) + 15*slow
	// All of it has to fit into the time there is.
	if over := busy + max(0, wait) + steal; over > 100 {
		busy, wait, steal = busy*100/over, wait*100/over, steal*100/over
	}
	user := busy * (.74 + .03*h.rng.NormFloat64())
	first := s.Seq == 0
	if !first {
		// The kernel counts hundredths of a second on each core.
		ticks := seconds * float64(h.kind.cores) // in a percent of the time
		tick := func(v float64) float64 { return math.Round(v*ticks) / ticks }
		user, steal, system := tick(user), tick(steal), tick(busy-user)
		s.CPUPct = percent(user + system + steal)
		s.CPUUserPct, s.CPUSystemPct = percent(user), percent(system)
		s.CPUIOWaitPct, s.CPUStealPct = percent(tick(max(0, wait))), percent(steal)
		// A load of few tasks is less even than one of many, and what is stolen is stolen of each core.
		s.CPUCoreMaxPct = percent((user+system)*(1+h.rng.ExpFloat64()*4/float64(h.kind.cores)) + steal)
	}
	h.fillLoad(s, busy+steal, seconds)
	leaked := h.progress(Leak, t) * (leakEnd - h.kind.ram)
	h.fillMemory(s, leaked, rhythm, job, seconds)
	if !first {
		h.fillNetwork(s, t, rhythm, job, seconds)
		h.fillDisk(s, rhythm, job, slow, seconds)
	}
	disk, used := float64(h.kind.diskGiB*gib), h.used+(fillEnd-h.used)*h.progress(DiskFill, t)
	s.DiskUsedPct, s.DiskFreeBytes = percent(100*used), record.Some(int64(disk*(1-used)))
	s.InodesUsedPct = percent(100 * used * h.kind.inodes)
	s.CPUPressurePct = percent(max(0, busy+steal-70) * .8)
	s.MemPressurePct = percent(max(0, s.RAMPct.Or(0)-92) * 4)
	s.IOPressurePct = percent(max(0, wait)*1.5 + .2*max(0, h.rng.NormFloat64()-1))
	s.Procs = record.Some(int32(150 + float64(h.kind.cores)*6 + 40*rhythm + 30*job + 3*h.rng.NormFloat64()))
	s.UptimeS = record.Some(int64(t.Sub(h.boot).Seconds()))
	h.details.observe(s, &h.kind, job, runaway, slow)
	h.details.fill(s, &h.kind, t, job, max(0, leaked)*float64(h.kind.ramGiB*gib))
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

func (h *Host) fillMemory(s *record.Sample, leaked, rhythm, job, seconds float64) {
	total := float64(h.kind.ramGiB * gib)
	in := clamp(h.kind.ram*(1+.08*(rhythm-1)+h.ram.step(h.rng, seconds))+leaked+jobMemory*job, .05, .985)
	used := int64(total*in) / page * page
	s.RAMPct, s.RAMUsedBytes = percent(100*in), record.Some(used)
	s.RAMAvailableBytes = record.Some(int64(total) - used)
	swapped := max(0, in-.9) * 2
	s.SwapPct, s.SwapUsedBytes = percent(100*swapped), record.Some(int64(swapped*4*gib))
}

func (h *Host) fillNetwork(s *record.Sample, t time.Time, rhythm, job, seconds float64) {
	sent := h.kind.netMB * 1e6 * rhythm * math.Exp(h.net.step(h.rng, seconds)) * (1 + 2*job)
	received := sent * (.55 + .1*h.rng.Float64())
	s.NetBytesSentPerS, s.NetBytesRecvPerS = rate(sent, 1, seconds), rate(received, 1, seconds)
	s.NetPacketsSentPerS, s.NetPacketsRecvPerS = rate(sent/900, 1, seconds), rate(received/700, 1, seconds)
	failing := h.progress(NetErrors, t) // worse and worse until the end
	s.NetErrInPerS = rate(40*failing*failing*h.rng.ExpFloat64(), 1, seconds)
	s.NetErrOutPerS = rate(6*failing*failing*h.rng.ExpFloat64(), 1, seconds)
	drops := 0.
	if h.rng.Float64() < .002 || failing > .5 {
		drops = 3 * h.rng.ExpFloat64()
	}
	s.NetDropInPerS, s.NetDropOutPerS = rate(drops, 1, seconds), record.Some(0.)
}

func (h *Host) fillDisk(s *record.Sample, rhythm, job, slow, seconds float64) {
	written := h.kind.diskMB * 1e6 * rhythm * math.Exp(h.disk.step(h.rng, seconds)) * (1 + 6*job)
	read := written * (.3 + 1.5*job)
	s.DiskReadBytesPerS, s.DiskWriteBytesPerS = rate(read, page, seconds), rate(written, page, seconds)
	s.DiskReadOpsPerS, s.DiskWriteOpsPerS = rate(read/24_000, 1, seconds), rate(written/16_000, 1, seconds)
	s.DiskBusyPct = percent((read+written)/2.5e6*(1+.2*h.rng.NormFloat64()) + 92*slow)
	s.DiskBusyDevice = h.kind.device
}

func clamp(v, low, high float64) float64 { return min(high, max(low, v)) }

// rate is what a counter of units gives that was read twice: a whole number of units over the time in between.
func rate(perSecond, unit, seconds float64) record.Float {
	return record.Some(math.Round(perSecond*seconds/unit) * unit / seconds)
}

// percent is a reading in percent, within its bounds.
func percent(v float64) record.Float { return record.Some(clamp(v, 0, 100)) }

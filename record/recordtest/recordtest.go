// Package recordtest makes believable samples for tests and benchmarks of all modules, and holds the golden lines of the
// wire format. It is not a fleet simulator: its values are plausible one by one and seeded, not a story over days.
package recordtest

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// GoldenLines is the wire form of [Golden], one line each. A change here is a change of the contract.
//
//go:embed golden.jsonl
var GoldenLines []byte

// Golden returns the samples whose lines are [GoldenLines]: a full one, the first of a session (no differences yet), one
// with every absent field, and one with awkward text.
func Golden() []record.Sample {
	at := time.Date(2026, 2, 3, 4, 59, 57, 123_000_000, time.UTC)
	full := New(1).Sample(at)

	first := full
	first.Seq, first.TS = 0, record.TS(at.Add(-3*time.Second))
	first.CPUPct, first.CPUUserPct, first.CPUSystemPct = record.Float{}, record.Float{}, record.Float{}
	first.CPUIOWaitPct, first.CPUStealPct, first.CPUCoreMaxPct = record.Float{}, record.Float{}, record.Float{}

	bare := record.Sample{TS: record.TS(at), SessionID: "bare", IntervalS: 3, Hostname: "h"}

	awkward := bare
	awkward.SessionID = "awkward"
	awkward.TS = 1770094800.9996
	awkward.Hostname = "rack \"7\" \\ café 🦊\n\x01<&>"
	awkward.Tags = map[string]string{"b": "", "a_1": "x=y", "team": "nœud"}
	awkward.CPUPct = record.Some(100 / 3.0)
	awkward.NetBytesSentPerS = record.Some(1e15)
	awkward.NetErrInPerS = record.Some(-0.04)
	awkward.RAMTotalBytes = record.Some(int64(1) << 59)
	return []record.Sample{full, first, bare, awkward}
}

// Host makes the samples of one machine.
type Host struct {
	rng  *rand.Rand
	base record.Sample
	seq  int64
}

// New returns the machine of a seed. Equal seeds give equal samples.
func New(seed uint64) *Host {
	rng := rand.New(rand.NewPCG(seed, 1))
	const gib = 1 << 30
	return &Host{rng: rng, base: record.Sample{
		SessionID: fmt.Sprintf("%016x", rng.Uint64()),
		IntervalS: 3,
		Hostname:  fmt.Sprintf("ip-10-0-%d-%d", rng.IntN(256), rng.IntN(256)),
		OS:        "linux",
		OSVersion: "debian 12.5",
		Arch:      "arm64",
		NodeRole:  []string{"web", "db", "worker"}[rng.IntN(3)],
		Env:       []string{"prod", "staging"}[rng.IntN(2)],
		Tags:      map[string]string{"team": "core", "rack": fmt.Sprintf("r%02d", rng.IntN(40))},

		CPUCount:      record.Some(int32(8)),
		RAMTotalBytes: record.Some(int64(32 * gib)),
		DiskUsedPct:   record.Some(40 + 40*rng.Float64()),
		DiskFreeBytes: record.Some(rng.Int64N(500 * gib)),
		UptimeS:       record.Some(int64(rng.IntN(1e7))),

		DiskUsedMount: []string{"/", "/data"}[rng.IntN(2)],
		InodesUsedPct: record.Some(2 + 20*rng.Float64()),
		MachineID:     fmt.Sprintf("%016x%016x", rng.Uint64(), rng.Uint64()),
	}}
}

// Pack returns the machine's next n samples as a pack. The first is taken at t, the others an interval apart; all have to
// be of one UTC hour.
func (h *Host) Pack(t time.Time, n int) ([]byte, error) {
	var w record.PackWriter
	for i := range n {
		s := h.Sample(t.Add(time.Duration(i) * time.Duration(h.base.IntervalS) * time.Second))
		if err := w.Add(s.AppendJSON(nil), record.HourOf(s.TS)); err != nil {
			return nil, err
		}
	}
	return w.Bytes()
}

// Sample returns the machine's next sample, taken at t.
func (h *Host) Sample(t time.Time) record.Sample {
	s, r := h.base, h.rng
	s.TS, s.Seq = record.TS(t), h.seq
	h.seq++
	pct := func(mean float64) record.Float {
		return record.Some(min(100, max(0, mean+mean/3*r.NormFloat64())))
	}
	rate := func(mean float64) record.Float { return record.Some(mean * r.ExpFloat64()) }
	rare := func() record.Float { return record.Some(float64(max(0, r.IntN(50)-48)) / 3) }

	s.CPUUserPct, s.CPUSystemPct, s.CPUIOWaitPct, s.CPUStealPct = pct(22), pct(6), pct(1), pct(0.1)
	s.CPUPct = record.Some(min(100, s.CPUUserPct.Or(0)+s.CPUSystemPct.Or(0)+s.CPUStealPct.Or(0)))
	s.Load1, s.Load5, s.Load15 = rate(2), rate(2), rate(2)

	total := s.RAMTotalBytes.Or(0)
	used := total/2 + int64(r.IntN(1<<30))
	s.RAMUsedBytes, s.RAMAvailableBytes = record.Some(used), record.Some(total-used)
	s.RAMPct = record.Some(100 * float64(used) / float64(total))
	s.SwapPct, s.SwapUsedBytes = record.Some(0.0), record.Some(int64(0))

	s.NetBytesSentPerS, s.NetBytesRecvPerS = rate(2e5), rate(5e5)
	s.NetPacketsSentPerS, s.NetPacketsRecvPerS = rate(300), rate(500)
	s.NetErrInPerS, s.NetErrOutPerS, s.NetDropInPerS, s.NetDropOutPerS = rare(), rare(), rare(), rare()
	s.DiskReadBytesPerS, s.DiskWriteBytesPerS = rate(4e4), rate(3e5)
	s.DiskReadOpsPerS, s.DiskWriteOpsPerS = rate(4), rate(40)
	s.DiskBusyPct = pct(3)
	s.CPUPressurePct, s.MemPressurePct, s.IOPressurePct = pct(2), record.Some(0.0), pct(0.5)
	s.Procs = record.Some(int32(200 + r.IntN(20)))
	s.UptimeS = record.Some(s.UptimeS.Or(0) + 3*s.Seq)
	s.DiskBusyDevice = []string{"nvme0n1", "nvme0n1", "nvme0n1", "nvme1n1"}[r.IntN(4)]
	s.CPUCoreMaxPct = record.Some(min(100, s.CPUPct.Or(0)*(1+r.ExpFloat64())))
	return s
}

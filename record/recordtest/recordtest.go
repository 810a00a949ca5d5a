// Package recordtest gives samples of a simulated machine to tests and benchmarks of all modules, each with all its values,
// and holds the golden lines of the wire format.
package recordtest

import (
	_ "embed"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
	"github.com/metrics-dashboard/metrics-dashboard/record/simulation"
)

// GoldenLines is the wire form of [Golden], one line each. A change here is a change of the contract.
//
//go:embed golden.jsonl
var GoldenLines []byte

// BeforeDetails are lines that a collector wrote before samples had lists, one each: the golden lines of that release, and twenty of a
// simulated machine. They must not change: collectors of that release go on writing such lines.
//
//go:embed before-details.jsonl
var BeforeDetails []byte

// Golden returns the samples whose lines are [GoldenLines]: a full one, the first of a session (no differences yet), one
// with every absent field, and one with awkward text.
func Golden() []record.Sample {
	at := time.Date(2026, 2, 3, 4, 59, 57, 123_000_000, time.UTC)
	full := record.Sample{
		TS: record.TS(at), SessionID: "ff4ae39f6bb44fb8", Seq: 0, IntervalS: 3,
		Hostname: "ip-10-0-11-172", OS: "linux", OSVersion: "debian 12.5", Arch: "arm64", NodeRole: "worker", Env: "staging",
		Tags:   map[string]string{"rack": "r37", "team": "core"},
		CPUPct: record.Some(23.3579), CPUUserPct: record.Some(21.1636), CPUSystemPct: record.Some(2.0577),
		CPUIOWaitPct: record.Some(1.1749), CPUStealPct: record.Some(.1365), CPUCount: record.Some(int32(8)),
		Load1: record.Some(.7107), Load5: record.Some(.7504), Load15: record.Some(4.7512),
		RAMPct: record.Some(50.2101), SwapPct: record.Some(0.), RAMTotalBytes: record.Some(int64(34359738368)),
		RAMUsedBytes: record.Some(int64(17252050619)), RAMAvailableBytes: record.Some(int64(17107687749)), SwapUsedBytes: record.Some(int64(0)),
		NetBytesSentPerS: record.Some(4925.7487), NetBytesRecvPerS: record.Some(657769.4920),
		NetPacketsSentPerS: record.Some(13.5803), NetPacketsRecvPerS: record.Some(317.8886),
		NetErrInPerS: record.Some(0.), NetErrOutPerS: record.Some(0.), NetDropInPerS: record.Some(0.), NetDropOutPerS: record.Some(0.),
		DiskReadBytesPerS: record.Some(12080.9724), DiskWriteBytesPerS: record.Some(114935.5771),
		DiskReadOpsPerS: record.Some(3.7450), DiskWriteOpsPerS: record.Some(10.5462), DiskBusyPct: record.Some(1.4234),
		DiskUsedPct: record.Some(71.5949), DiskFreeBytes: record.Some(int64(56828947316)),
		CPUPressurePct: record.Some(3.3189), MemPressurePct: record.Some(0.), IOPressurePct: record.Some(.8524),
		Procs: record.Some(int32(205)), UptimeS: record.Some(int64(5525326)),
		DiskUsedMount: "/", DiskBusyDevice: "nvme0n1", InodesUsedPct: record.Some(6.7003), CPUCoreMaxPct: record.Some(27.4136),
		MachineID: "fc4fdf02b19210ea59a28c487ce4048f",
		Filesystems: []record.Filesystem{
			{
				Mount: "/", Device: "/dev/nvme0n1p1", FSType: "ext4", UsedPct: record.Some(71.5949),
				FreeBytes: record.Some(int64(56828947316)), TotalBytes: record.Some(int64(200062550016)), InodesUsedPct: record.Some(6.7003),
			},
			{
				Mount: "/boot/efi", Device: "/dev/nvme0n1p15", FSType: "vfat", UsedPct: record.Some(9.2034),
				FreeBytes: record.Some(int64(118104064)), TotalBytes: record.Some(int64(130075648)),
			},
		},
		Disks: []record.Disk{{
			Device: "nvme0n1", ReadBytesPerS: record.Some(11980.0433), WriteBytesPerS: record.Some(114201.6009), ReadOpsPerS: record.Some(3.6512),
			WriteOpsPerS: record.Some(10.4833), BusyPct: record.Some(1.4013), AwaitMs: record.Some(.7251),
		}},
		Interfaces: []record.Interface{{
			Name: "ens5", RecvBytesPerS: record.Some(655012.2119), SentBytesPerS: record.Some(4913.8503), RecvPacketsPerS: record.Some(316.4117),
			SentPacketsPerS: record.Some(13.5166), ErrPerS: record.Some(0.), DropPerS: record.Some(0.), SpeedBitsPerS: record.Some(int64(10_000_000_000)),
		}},
		Processes: []record.Process{
			{
				Name: "java", Unit: "app.service", User: "app", Count: record.Some(int32(1)), CPUPct: record.Some(142.0817),
				RSSBytes: record.Some(int64(9663676416)), ReadBytesPerS: record.Some(0.), WriteBytesPerS: record.Some(81920.5519), PID: record.Some(int32(1432)),
			},
			{
				Name: "postgres", Unit: "3f29c1b07a55", User: "999", Count: record.Some(int32(12)), CPUPct: record.Some(21.4051),
				RSSBytes: record.Some(int64(1288490188)), PID: record.Some(int32(2210)),
			},
		},
		Units: []record.ServiceUnit{{
			Name: "app.service", CPUPct: record.Some(143.2291), MemoryBytes: record.Some(int64(9771050598)),
			MemoryLimitBytes: record.Some(int64(12884901888)), ReadBytesPerS: record.Some(0.), WriteBytesPerS: record.Some(81920.5519),
			ThrottledPct: record.Some(.5019), OOMKills: record.Some(int32(0)),
		}},
		Sensors: []record.Sensor{{Name: "coretemp Package id 0", Celsius: record.Some(54.)}, {Name: "nvme Composite", Celsius: record.Some(41.85)}},
	}

	first := full
	first.Seq, first.TS = 0, record.TS(at.Add(-3*time.Second))
	first.CPUPct, first.CPUUserPct, first.CPUSystemPct = record.Float{}, record.Float{}, record.Float{}
	first.Filesystems, first.Disks, first.Interfaces, first.Processes, first.Units, first.Sensors = nil, nil, nil, nil, nil, nil
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

const (
	interval       = 3 * time.Second
	detailInterval = time.Minute
)

// Host makes the samples of one simulated machine, on which nothing goes wrong.
type Host struct {
	seed uint64
	host *simulation.Host // from the first sample on
	seq  int64
}

// New returns the machine of a seed. Machines of equal seeds give equal samples at equal times.
func New(seed uint64) *Host { return &Host{seed: seed} }

// Pack returns the machine's next n samples as a pack. The first is taken at t, the others an interval apart; all have to
// be of one UTC hour.
func (h *Host) Pack(t time.Time, n int) ([]byte, error) {
	var w record.PackWriter
	for i := range n {
		s := h.Sample(t.Add(time.Duration(i) * interval))
		if err := w.Add(s.AppendJSON(nil), record.HourOf(s.TS)); err != nil {
			return nil, err
		}
	}
	return w.Bytes()
}

// Sample returns the machine's next sample, taken at t. The first has its rates and details too.
func (h *Host) Sample(t time.Time) record.Sample {
	if h.host == nil {
		machine := simulation.Usual(int(h.seed % 30))
		machine.Story = simulation.Uneventful
		fleet := simulation.Fleet{Seed: h.seed, Start: t.Add(-detailInterval)}
		h.host = fleet.New(0, machine)
		h.host.Sample(fleet.Start, interval) // a session's first sample has no rates
	}
	s, _ := h.host.Sample(t, interval)
	s.Seq = h.seq
	h.seq++
	return s
}

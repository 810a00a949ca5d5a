package simulation

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// detailInterval is the time between two samples with details, as a collector has it by default.
const detailInterval = time.Minute

// details makes the lists of a machine's samples. Their rates are means since the previous details, as those of a collector, and agree
// with the readings of the samples in between. It has random numbers of its own, so that the readings do not depend on it.
type details struct {
	rng   *rand.Rand
	due   time.Time
	small [2]float64 // parts in use of the filesystems that never fill
	pid   int32      // of the first program

	n   float64 // samples since the details before
	sum sums    // of their readings
}

// sums are readings of several samples, added up.
type sums struct {
	cpu, job, runaway            float64 // percent of one core: all programs, those of the job and of the runaway
	sent, received               float64
	packetsSent, packetsReceived float64
	errors, drops                float64
	read, written, reads, writes float64
	busy                         float64
	jobIO                        float64 // part of reads and writes
	slow                         float64
}

func newDetails(seed [2]uint64) details {
	rng := rand.New(rand.NewPCG(seed[0]^0xd37a115, seed[1]))
	return details{rng: rng, small: [2]float64{.12 + .16*rng.Float64(), .05 + .1*rng.Float64()}, pid: 400 + rng.Int32N(2000)}
}

// observe adds the readings of a sample, and which part of the CPU time belongs to a job and a runaway.
func (d *details) observe(s *record.Sample, k *kind, job, runaway, slow float64) {
	cores := float64(k.cores)
	cpu := s.CPUPct.Or(0)
	d.n++
	d.sum.cpu += cpu * cores
	d.sum.runaway += runaway * cpu * cores
	d.sum.job += min(jobCPU*job, cpu*(1-runaway)) * cores
	d.sum.jobIO += job * jobIO
	d.sum.slow += slow
	d.sum.sent += s.NetBytesSentPerS.Or(0)
	d.sum.received += s.NetBytesRecvPerS.Or(0)
	d.sum.packetsSent += s.NetPacketsSentPerS.Or(0)
	d.sum.packetsReceived += s.NetPacketsRecvPerS.Or(0)
	d.sum.errors += s.NetErrInPerS.Or(0) + s.NetErrOutPerS.Or(0)
	d.sum.drops += s.NetDropInPerS.Or(0) + s.NetDropOutPerS.Or(0)
	d.sum.read += s.DiskReadBytesPerS.Or(0)
	d.sum.written += s.DiskWriteBytesPerS.Or(0)
	d.sum.reads += s.DiskReadOpsPerS.Or(0)
	d.sum.writes += s.DiskWriteOpsPerS.Or(0)
	d.sum.busy += s.DiskBusyPct.Or(0)
}

// fill fills the lists of a sample if they are due. leaked is the memory that the leaking program holds too much.
func (d *details) fill(s *record.Sample, k *kind, t time.Time, job, leaked float64) {
	first := s.Seq == 0
	if first {
		d.n, d.sum = 0, sums{}
	} else if t.Before(d.due) {
		return
	}
	d.due = t.Add(detailInterval)
	d.fillFilesystems(s, k)
	d.fillDisks(s, k, first)
	d.fillInterfaces(s, k)
	d.fillProcesses(s, k, first, job, leaked)
	d.fillSensors(s, k)
	d.n, d.sum = 0, sums{}
}

// mean is the mean of a sum, absent in the first sample of a session.
func (d *details) mean(sum, part float64) record.Float {
	if d.n == 0 {
		return record.Float{}
	}
	return record.Some(sum / d.n * part)
}

func (d *details) fillFilesystems(s *record.Sample, k *kind) {
	add := func(mount, device, fstype string, size int64, used float64, inodes record.Float) {
		free := int64(float64(size) * (1 - used))
		s.Filesystems = append(s.Filesystems, record.Filesystem{
			Mount: mount, Device: "/dev/" + device, FSType: fstype, UsedPct: percent(100 * used), FreeBytes: record.Some(free),
			TotalBytes: record.Some(size), InodesUsedPct: inodes,
		})
	}
	s.Filesystems = make([]record.Filesystem, 0, 3)
	add(k.mount, k.device+"p1", "ext4", k.diskGiB*gib, s.DiskUsedPct.Or(0)/100, s.InodesUsedPct)
	other := "/"
	if k.mount == other {
		other = "/var/log"
	}
	add(other, k.system+"p2", "ext4", 20*gib, d.small[0], percent(30*d.small[0]))
	add("/boot/efi", k.system+"p15", "vfat", 124<<20, d.small[1], record.Float{}) // this type has no inodes
}

// fillDisks fills the disks. If the system has one of its own, it does little.
func (d *details) fillDisks(s *record.Sample, k *kind, first bool) {
	const little = .04
	add := func(device string, part, busy, await float64) {
		disk := record.Disk{
			Device: device, ReadBytesPerS: d.mean(d.sum.read, part), WriteBytesPerS: d.mean(d.sum.written, part),
			ReadOpsPerS: d.mean(d.sum.reads, part), WriteOpsPerS: d.mean(d.sum.writes, part), BusyPct: d.mean(d.sum.busy, busy),
		}
		if !first {
			disk.AwaitMs = record.Some(await)
		}
		s.Disks = append(s.Disks, disk)
	}
	n := max(1, d.n)
	busy, slow := d.sum.busy/n/100, d.sum.slow/n
	await := k.await * (1 + 8*busy*busy*busy) * math.Exp(.1*d.rng.NormFloat64()) * (1 + slow*(150+60*d.rng.Float64()))
	if k.system == k.device {
		add(k.device, 1, 1, await)
		return
	}
	add(k.device, 1-little, 1, await)
	add(k.system, little, little, k.await*math.Exp(.1*d.rng.NormFloat64()))
}

// fillInterfaces fills the interfaces. Errors and drops are those of the first one.
func (d *details) fillInterfaces(s *record.Sample, k *kind) {
	const little = .06
	add := func(name string, part, bad float64) {
		s.Interfaces = append(s.Interfaces, record.Interface{
			Name: name, RecvBytesPerS: d.mean(d.sum.received, part), SentBytesPerS: d.mean(d.sum.sent, part),
			RecvPacketsPerS: d.mean(d.sum.packetsReceived, part), SentPacketsPerS: d.mean(d.sum.packetsSent, part),
			ErrPerS: d.mean(d.sum.errors, bad), DropPerS: d.mean(d.sum.drops, bad), SpeedBitsPerS: record.Some(k.speed),
		})
	}
	if k.second == "" {
		add(k.nic, 1, 1)
		return
	}
	add(k.nic, 1-little, 1)
	add(k.second, little, 0)
}

// fillProcesses fills the processes, and the units as the sums of their processes.
func (d *details) fillProcesses(s *record.Sample, k *kind, first bool, job, leaked float64) {
	n := max(1, d.n)
	all := make([]record.Process, 0, len(k.programs)+len(everywhere)+2)
	units := make([]record.ServiceUnit, 0, cap(all))
	add := func(p *program, cpu, ram, read, written float64) {
		one := record.Process{
			Name: p.name, Unit: p.unit, User: p.user, Count: record.Some(p.count), RSSBytes: record.Some(int64(ram) / page * page),
			PID: record.Some(d.pid + int32(len(all))*137),
		}
		if !first {
			one.CPUPct, one.ReadBytesPerS, one.WriteBytesPerS = record.Some(cpu), record.Some(read), record.Some(written)
		}
		all = append(all, one)
		if p.unit == "" {
			return
		}
		unit := record.ServiceUnit{
			Name: p.unit, CPUPct: one.CPUPct, MemoryBytes: one.RSSBytes, ReadBytesPerS: one.ReadBytesPerS, WriteBytesPerS: one.WriteBytesPerS,
		}
		if p.limit > 0 {
			unit.MemoryLimitBytes = record.Some(int64(p.limit * float64(k.ramGiB*gib)))
		}
		if !first {
			unit.OOMKills = record.Some(int32(0))
			if p.throttled {
				unit.ThrottledPct = percent(cpu/float64(k.cores) - 70)
			}
		}
		units = append(units, unit)
	}

	used := float64(s.RAMUsedBytes.Or(0))
	jobRAM := 0.
	if d.sum.job > 0 || job > 0 {
		jobRAM = job * jobMemory * float64(k.ramGiB*gib)
		io := d.sum.jobIO / n
		add(&k.job, d.sum.job/n, jobRAM, d.sum.read/n*io, d.sum.written/n*io)
	}
	if d.sum.runaway > 0 {
		p := transcoder
		p.count = k.cores
		add(&p, d.sum.runaway/n, .01*used, 0, 0)
	}
	// The first program holds what the others leave of the memory in use, but for the kernel's part. The memory of the others is steady.
	rest := max(0, d.sum.cpu-d.sum.job-d.sum.runaway) / n
	steady := k.ram * float64(k.ramGiB*gib)
	free := used*.95 - jobRAM
	for _, p := range slices.Concat(k.programs[1:], everywhere) {
		free -= steady * p.ram
	}
	io := (1 - d.sum.jobIO/n) / n
	for i, p := range slices.Concat(k.programs, everywhere) {
		ram := steady * p.ram
		if i == 0 {
			ram = max(free*p.ram+leaked*(1-p.ram), 0)
		}
		add(&p, rest*p.cpu*(1-.08*d.rng.Float64()), ram, d.sum.read*io*p.io, d.sum.written*io*p.io)
	}
	slices.SortStableFunc(all, func(a, b record.Process) int { return cmp.Compare(b.CPUPct.Or(0), a.CPUPct.Or(0)) })
	slices.SortStableFunc(units, func(a, b record.ServiceUnit) int { return cmp.Compare(b.CPUPct.Or(0), a.CPUPct.Or(0)) })
	s.Processes, s.Units = all, units
}

func (d *details) fillSensors(s *record.Sample, k *kind) {
	celsius := func(v float64) record.Float { return record.Some(v + .4*d.rng.NormFloat64()) }
	cpu := "coretemp Package id 0"
	if s.Arch == "arm64" {
		cpu = "cpu_thermal temp1"
	}
	s.Sensors = append(make([]record.Sensor, 0, 2), record.Sensor{Name: cpu, Celsius: celsius(36 + .38*s.CPUPct.Or(0))})
	if k.device != "mmcblk0" {
		s.Sensors = append(s.Sensors, record.Sensor{Name: "nvme Composite", Celsius: celsius(34 + .12*s.DiskBusyPct.Or(0))})
	}
}

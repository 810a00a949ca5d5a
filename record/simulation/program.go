package simulation

// program is a program that runs on machines of a kind: all its processes together.
type program struct {
	name, unit, user string
	count            int32
	cpu, ram, io     float64 // its part of what the programs of the machine use together
	limit            float64 // of the memory of its unit, as part of the machine's; 0 if there is none
	throttled        bool    // its unit has a limit of CPU time
}

// everywhere are the programs that run on machines of all kinds, beside those of the kind. A thread of the kernel has neither a unit
// nor memory.
var everywhere = []program{
	{name: "systemd-journal", unit: "systemd-journald.service", user: "root", count: 1, cpu: .02, ram: .006, io: .05},
	{name: "kworker", user: "root", count: 24, cpu: .02},
	{name: "sshd", unit: "ssh.service", user: "root", count: 2, cpu: .002, ram: .001},
	{name: "edge", unit: "metrics-edge.service", user: "metrics-edge", count: 1, cpu: .001, ram: .0004},
	{name: "systemd", unit: "init.scope", user: "root", count: 1, cpu: .002, ram: .0012},
}

// transcoder takes the CPU time of a [Runaway].
var transcoder = program{name: "ffmpeg", unit: "convert.service", user: "app"}

// backup is the batch job of the kinds that do not have one of their own.
var backup = program{name: "tar", unit: "backup.service", user: "root", count: 1}

// culprit is what an event comes from: the name of a process, a mount point, a device or an interface. It is empty if nothing on the
// machine is to blame.
func (k kind) culprit(e Event) string {
	switch e {
	case Job:
		return k.job.name
	case Runaway:
		return transcoder.name
	case Leak:
		return k.programs[0].name
	case DiskFill:
		return k.mount
	case SlowDisk:
		return k.device
	case NetErrors:
		return k.nic
	case Steal, Skew, Restart, Silence:
	}
	return ""
}

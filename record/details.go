package record

// The columns below hold lists. A sample has them once per detail interval (60 s by default) and in the first sample of a session.
// In between they are absent. A list holds at most as many elements as the constants say; the fullest or busiest ones stay.
//
// As in [Sample], tags define the fields of an element. The tag otel is the name of the OpenTelemetry metric that says the same, in
// other units where the names differ; see https://opentelemetry.io/docs/specs/semconv/system/.

// The most elements that each list may have.
const (
	MaxFilesystems = 64
	MaxDisks       = 64
	MaxInterfaces  = 64
	MaxProcesses   = 32
	MaxUnits       = 20
	MaxSensors     = 64
)

// Filesystem is a local filesystem that can be written.
type Filesystem struct {
	Mount         string `column:"mount" comment:"Mount point"`
	Device        string `column:"device" comment:"Device or other source that is mounted"`
	FSType        string `column:"fstype" comment:"Type of the filesystem, such as ext4"`
	UsedPct       Float  `column:"used_pct" unit:"percent" otel:"system.filesystem.utilization" comment:"Space in use"`
	FreeBytes     Long   `column:"free_bytes" unit:"bytes" otel:"system.filesystem.usage" comment:"Space left to unprivileged users"`
	TotalBytes    Long   `column:"total_bytes" unit:"bytes" otel:"system.filesystem.limit" comment:"Size"`
	InodesUsedPct Float  `column:"inodes_used_pct" unit:"percent" comment:"Inodes in use"`
}

// Disk is a whole device. Its rates are means since the previous details.
type Disk struct {
	Device         string `column:"device" comment:"Name of the device, such as nvme0n1"`
	ReadBytesPerS  Float  `column:"read_bytes_per_s" unit:"bytes_per_s" otel:"system.disk.io" comment:"Bytes read"`
	WriteBytesPerS Float  `column:"write_bytes_per_s" unit:"bytes_per_s" otel:"system.disk.io" comment:"Bytes written"`
	ReadOpsPerS    Float  `column:"read_ops_per_s" unit:"per_s" otel:"system.disk.operations" comment:"Reads completed"`
	WriteOpsPerS   Float  `column:"write_ops_per_s" unit:"per_s" otel:"system.disk.operations" comment:"Writes completed"`
	BusyPct        Float  `column:"busy_pct" unit:"percent" otel:"system.disk.io_time" comment:"Time with I/O in flight"`
	AwaitMs        Float  `column:"await_ms" unit:"ms" otel:"system.disk.operation_time" comment:"Mean time of a read or write, waiting included"`
}

// Interface is a network interface. Its rates are means since the previous details.
type Interface struct {
	Name            string `column:"name" comment:"Name of the interface, such as eth0"`
	RecvBytesPerS   Float  `column:"recv_bytes_per_s" unit:"bytes_per_s" otel:"system.network.io" comment:"Bytes received"`
	SentBytesPerS   Float  `column:"sent_bytes_per_s" unit:"bytes_per_s" otel:"system.network.io" comment:"Bytes sent"`
	RecvPacketsPerS Float  `column:"recv_packets_per_s" unit:"per_s" otel:"system.network.packet.count" comment:"Packets received"`
	SentPacketsPerS Float  `column:"sent_packets_per_s" unit:"per_s" otel:"system.network.packet.count" comment:"Packets sent"`
	ErrPerS         Float  `column:"err_per_s" unit:"per_s" otel:"system.network.errors" comment:"Errors, both directions"`
	DropPerS        Float  `column:"drop_per_s" unit:"per_s" otel:"system.network.packet.dropped" comment:"Packets dropped, both directions"`
	SpeedBitsPerS   Long   `column:"speed_bits_per_s" unit:"bits_per_s" comment:"Speed of the link"`
}

// Process is all processes of one name in one unit. Its rates are means since the previous details, and include processes that
// ended in between as far as the kernel shows them.
type Process struct {
	Name           string `column:"name" comment:"Name of the program, never its arguments"`
	Unit           string `column:"unit" comment:"Service, container or pod that its cgroup names"`
	User           string `column:"user" comment:"User of the process that used the most CPU time"`
	Count          Int    `column:"count" unit:"count" comment:"Processes of this name in this unit, with those that ended since the previous details"`
	CPUPct         Float  `column:"cpu_pct" unit:"percent_of_core" otel:"process.cpu.utilization" comment:"CPU time in percent of one core"`
	RSSBytes       Long   `column:"rss_bytes" unit:"bytes" otel:"process.memory.usage" comment:"Resident memory of all of them together, the highest value since the previous details"`
	ReadBytesPerS  Float  `column:"read_bytes_per_s" unit:"bytes_per_s" otel:"process.disk.io" comment:"Bytes read from disks"`
	WriteBytesPerS Float  `column:"write_bytes_per_s" unit:"bytes_per_s" otel:"process.disk.io" comment:"Bytes written to disks"`
	PID            Int    `column:"pid" comment:"ID of the process that used the most CPU time"`
}

// ServiceUnit is a service or container, as cgroup v2 counts it. Its rates are means since the previous details.
type ServiceUnit struct {
	Name             string `column:"name" comment:"Name of the service, or short ID of the container"`
	CPUPct           Float  `column:"cpu_pct" unit:"percent_of_core" otel:"container.cpu.usage" comment:"CPU time in percent of one core"`
	MemoryBytes      Long   `column:"memory_bytes" unit:"bytes" otel:"container.memory.usage" comment:"Memory in use, page cache included"`
	MemoryLimitBytes Long   `column:"memory_limit_bytes" unit:"bytes" comment:"Most memory that the unit may use"`
	ReadBytesPerS    Float  `column:"read_bytes_per_s" unit:"bytes_per_s" otel:"container.disk.io" comment:"Bytes read from disks"`
	WriteBytesPerS   Float  `column:"write_bytes_per_s" unit:"bytes_per_s" otel:"container.disk.io" comment:"Bytes written to disks"`
	ThrottledPct     Float  `column:"throttled_pct" unit:"percent" comment:"Periods in which the CPU limit stopped the unit"`
	OOMKills         Int    `column:"oom_kills" unit:"count" comment:"Processes killed for lack of memory since the previous details"`
}

// Sensor is a temperature sensor.
type Sensor struct {
	Name    string `column:"name" comment:"Name of the chip and of the sensor"`
	Celsius Float  `column:"celsius" unit:"celsius" otel:"hw.temperature" comment:"Temperature"`
}

package record

// Sample is one reading of one machine, as the collector takes it.
//
// A field defines a column. Its tag gives the column's name, unit, comment and, if there is one, the OpenTelemetry metric or resource
// attribute of the same meaning; an attribute of the metric, which tells the column from others, follows in braces. Its Go type gives
// the column's type. The order of the fields is the order of the keys on the wire and of the columns in the table. Percentages are
// 0..100 over all cores. Rates are per second. The line omits an absent [Optional], an empty string, an empty map and an empty list.
type Sample struct {
	TS        float64 `column:"ts" unit:"s" comment:"Unix seconds (ms precision), wall clock, when the sample was taken"`
	SessionID string  `column:"session_id" comment:"Random, new at each start of the collector"`
	Seq       int64   `column:"seq" comment:"0, 1, 2 ... within the session; (session_id, seq) identifies a sample"`
	IntervalS int32   `column:"interval_s" unit:"s" comment:"Configured interval between samples"`

	Hostname  string            `column:"hostname" otel:"host.name" comment:"Name of the machine"`
	OS        string            `column:"os" otel:"os.type" comment:"Operating system, such as linux"`
	OSVersion string            `column:"os_v" otel:"os.version" comment:"Distribution and version of the operating system"`
	Arch      string            `column:"arch" otel:"host.arch" comment:"Processor architecture, such as arm64"`
	NodeRole  string            `column:"node_role" comment:"Label: what the machine is for"`
	Env       string            `column:"env" otel:"deployment.environment.name" comment:"Label: environment, such as prod"`
	Tags      map[string]string `column:"tags" comment:"Labels of your own, from the configuration"`

	CPUPct       Float `column:"cpu_pct" unit:"percent" otel:"system.cpu.utilization" comment:"CPU time not idle and not waiting for I/O, all cores"`
	CPUUserPct   Float `column:"cpu_user_pct" unit:"percent" otel:"system.cpu.utilization{cpu.mode=user}" comment:"CPU time in user mode, nice included"`
	CPUSystemPct Float `column:"cpu_system_pct" unit:"percent" otel:"system.cpu.utilization{cpu.mode=system}" comment:"CPU time in kernel mode, interrupts included"`
	CPUIOWaitPct Float `column:"cpu_iowait_pct" unit:"percent" otel:"system.cpu.utilization{cpu.mode=iowait}" comment:"CPU time idle with I/O outstanding"`
	CPUStealPct  Float `column:"cpu_steal_pct" unit:"percent" otel:"system.cpu.utilization{cpu.mode=steal}" comment:"CPU time taken by the hypervisor"`
	CPUCount     Int   `column:"cpu_count" unit:"count" otel:"system.cpu.logical.count" comment:"Logical cores"`
	Load1        Float `column:"load1" unit:"load" otel:"system.cpu.load_average.1m" comment:"Load average over 1 minute"`
	Load5        Float `column:"load5" unit:"load" otel:"system.cpu.load_average.5m" comment:"Load average over 5 minutes"`
	Load15       Float `column:"load15" unit:"load" otel:"system.cpu.load_average.15m" comment:"Load average over 15 minutes"`

	RAMPct            Float `column:"ram_pct" unit:"percent" otel:"system.memory.utilization{system.memory.state=used}" comment:"Memory not available to new work"`
	SwapPct           Float `column:"swap_pct" unit:"percent" otel:"system.paging.utilization{system.paging.state=used}" comment:"Swap in use"`
	RAMTotalBytes     Long  `column:"ram_total_bytes" unit:"bytes" otel:"system.memory.limit" comment:"Physical memory"`
	RAMUsedBytes      Long  `column:"ram_used_bytes" unit:"bytes" otel:"system.memory.usage{system.memory.state=used}" comment:"Memory not available to new work: total without available"`
	RAMAvailableBytes Long  `column:"ram_available_bytes" unit:"bytes" otel:"system.linux.memory.available" comment:"Memory available to new work without swapping"`
	SwapUsedBytes     Long  `column:"swap_used_bytes" unit:"bytes" otel:"system.paging.usage{system.paging.state=used}" comment:"Swap in use"`

	NetBytesSentPerS   Float `column:"net_bytes_sent_per_s" unit:"bytes_per_s" otel:"system.network.io{network.io.direction=transmit}" comment:"Bytes sent, real interfaces together"`
	NetBytesRecvPerS   Float `column:"net_bytes_recv_per_s" unit:"bytes_per_s" otel:"system.network.io{network.io.direction=receive}" comment:"Bytes received, real interfaces together"`
	NetPacketsSentPerS Float `column:"net_packets_sent_per_s" unit:"per_s" otel:"system.network.packet.count{network.io.direction=transmit}" comment:"Packets sent"`
	NetPacketsRecvPerS Float `column:"net_packets_recv_per_s" unit:"per_s" otel:"system.network.packet.count{network.io.direction=receive}" comment:"Packets received"`
	NetErrInPerS       Float `column:"net_err_in_per_s" unit:"per_s" otel:"system.network.errors{network.io.direction=receive}" comment:"Receive errors"`
	NetErrOutPerS      Float `column:"net_err_out_per_s" unit:"per_s" otel:"system.network.errors{network.io.direction=transmit}" comment:"Transmit errors"`
	NetDropInPerS      Float `column:"net_drop_in_per_s" unit:"per_s" otel:"system.network.packet.dropped{network.io.direction=receive}" comment:"Received packets dropped"`
	NetDropOutPerS     Float `column:"net_drop_out_per_s" unit:"per_s" otel:"system.network.packet.dropped{network.io.direction=transmit}" comment:"Packets dropped on transmit"`

	DiskReadBytesPerS  Float `column:"disk_read_bytes_per_s" unit:"bytes_per_s" otel:"system.disk.io{disk.io.direction=read}" comment:"Bytes read, whole devices together"`
	DiskWriteBytesPerS Float `column:"disk_write_bytes_per_s" unit:"bytes_per_s" otel:"system.disk.io{disk.io.direction=write}" comment:"Bytes written, whole devices together"`
	DiskReadOpsPerS    Float `column:"disk_read_ops_per_s" unit:"per_s" otel:"system.disk.operations{disk.io.direction=read}" comment:"Reads completed"`
	DiskWriteOpsPerS   Float `column:"disk_write_ops_per_s" unit:"per_s" otel:"system.disk.operations{disk.io.direction=write}" comment:"Writes completed"`
	DiskBusyPct        Float `column:"disk_busy_pct" unit:"percent" otel:"system.disk.io_time" comment:"Time with I/O in flight, busiest device"`
	DiskUsedPct        Float `column:"disk_used_pct" unit:"percent" otel:"system.filesystem.utilization" comment:"Space in use on the fullest local filesystem that can be written"`
	DiskFreeBytes      Long  `column:"disk_free_bytes" unit:"bytes" otel:"system.filesystem.usage{system.filesystem.state=free}" comment:"Space left to unprivileged users on that filesystem"`

	CPUPressurePct Float `column:"cpu_pressure_pct" unit:"percent" comment:"Linux PSI: time some task waited for CPU, 10 s average"`
	MemPressurePct Float `column:"mem_pressure_pct" unit:"percent" comment:"Linux PSI: time some task waited for memory, 10 s average"`
	IOPressurePct  Float `column:"io_pressure_pct" unit:"percent" comment:"Linux PSI: time some task waited for I/O, 10 s average"`

	Procs   Int  `column:"procs" unit:"count" otel:"system.process.count" comment:"Processes"`
	UptimeS Long `column:"uptime_s" unit:"s" otel:"system.uptime" comment:"Time since boot"`

	DiskUsedMount  string `column:"disk_used_mount" comment:"Mount point of the filesystem that disk_used_pct and disk_free_bytes describe"`
	DiskBusyDevice string `column:"disk_busy_device" comment:"Device that disk_busy_pct describes"`
	InodesUsedPct  Float  `column:"inodes_used_pct" unit:"percent" comment:"Inodes in use on the local filesystem with the fewest left, in percent of its inodes"`
	CPUCoreMaxPct  Float  `column:"cpu_core_max_pct" unit:"percent" comment:"CPU time not idle and not waiting for I/O, busiest core"`
	MachineID      string `column:"machine_id" otel:"host.id" comment:"Hash of the machine's ID, equal for all samples of one installation; tells machines with the same host name apart"`

	Filesystems []Filesystem  `column:"filesystems" comment:"Local filesystems that can be written, fullest first; once per detail interval"`
	Disks       []Disk        `column:"disks" comment:"Whole devices, busiest first; once per detail interval"`
	Interfaces  []Interface   `column:"interfaces" comment:"Network interfaces, busiest first; once per detail interval"`
	Processes   []Process     `column:"processes" comment:"Processes by name and unit: those with the most CPU time, memory and I/O; once per detail interval"`
	Units       []ServiceUnit `column:"units" comment:"Services and containers, busiest first; once per detail interval"`
	Sensors     []Sensor      `column:"sensors" comment:"Temperatures; once per detail interval"`
}

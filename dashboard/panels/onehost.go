package panels

import "slices"

// oneHost is the page of one host: what it is, how it is now, and which processes use it. If no host is chosen, its charts show the mean
// over all hosts.
func oneHost() Dashboard {
	list := slices.Concat(hostHead(), hostProcessors(), hostStorage(), hostOther())
	for i := range list {
		list[i].OfHost = columnsOfHost
	}
	return Dashboard{
		ID: "host", Title: "Host", Hidden: true,
		Question: "How busy is this host, and which processes use its CPU, memory and disks?",
		Panels:   list,
	}
}

// columnsOfHost are the columns that the panels of the page read.
var columnsOfHost = []string{
	"ts", "hostname", "interval_s", "os", "os_v", "arch", "node_role", "env", "tags", "uptime_s", "procs",
	"cpu_count", "cpu_pct", "cpu_core_max_pct", "cpu_iowait_pct", "cpu_steal_pct", "load1", "load5", "load15",
	"ram_pct", "ram_total_bytes", "ram_available_bytes", "swap_pct", "cpu_pressure_pct", "mem_pressure_pct", "io_pressure_pct",
	"disk_busy_pct", "disk_busy_device", "disk_used_pct", "disk_used_mount", "disk_free_bytes", "inodes_used_pct",
	"disk_read_bytes_per_s", "disk_write_bytes_per_s", "net_bytes_recv_per_s", "net_bytes_sent_per_s",
	"net_err_in_per_s", "net_err_out_per_s", "net_drop_in_per_s", "net_drop_out_per_s",
	"processes", "units", "filesystems", "disks", "interfaces", "sensors",
}

func hostHead() []Panel {
	return []Panel{
		{
			ID: "host-head", Title: "Now", Kind: Head, By: ByHost, Width: full, Optional: true,
			Question: "Does it report, what is it, and how is it now?",
			MinSpanS: daySeconds, MaxSpanS: daySeconds,
			Values: []Value{
				{Column: "cpu_pct", Label: "CPU", Unit: Percent, Thresholds: &loaded},
				{Column: "ram_pct", Label: "Memory", Unit: Percent, Thresholds: &loaded},
				{Column: "ram_available_bytes", Label: "Memory left", Unit: Bytes},
				{Column: "swap_pct", Label: "Swap", Unit: Percent},
				{Column: "disk_used_pct", Label: "Fullest filesystem", Unit: Percent, Host: "disk_used_mount", Thresholds: &filled},
				{Column: "disk_busy_pct", Label: "Busiest disk", Unit: Percent, Host: "disk_busy_device", Thresholds: &loaded},
				{Column: "net_recv", Label: "Received", Unit: BytesPerSecond},
				{Column: "net_sent", Label: "Sent", Unit: BytesPerSecond},
				{Column: "load1", Label: "Load", Unit: Load},
				{Column: "pressure", Label: "Pressure", Unit: Percent, Thresholds: &pressed},
				{Column: "procs", Label: "Processes", Unit: Count},
				{Column: "os", Label: "System", Unit: Text, Fact: true},
				{Column: "os_v", Label: "Version", Unit: Text, Fact: true},
				{Column: "arch", Label: "Architecture", Unit: Text, Fact: true},
				{Column: "cpu_count", Label: "Cores", Unit: Count, Fact: true},
				{Column: "ram_total_bytes", Label: "Memory", Unit: Bytes, Fact: true},
				{Column: "up_for", Label: "Up for", Unit: Duration, Fact: true},
				{Column: "node_role", Label: "Role", Unit: Text, Fact: true},
				{Column: "env", Label: "Environment", Unit: Text, Fact: true},
				{Column: "tags", Label: "Tags", Unit: Text, Fact: true},
			},
		},
	}
}

// hostProcessors are the panels of CPU and memory: how much is in use, and by which processes.
func hostProcessors() []Panel {
	return []Panel{
		ofHost("host-cpu", "CPU", "How busy are all cores on average, and how busy is the busiest one?", Series,
			percents("cpu_pct", "CPU", "cpu_core_max_pct", "Busiest core", "cpu_iowait_pct", "Waiting for I/O", "cpu_steal_pct", "Stolen")...),
		layers("host-who-cpu", "CPU by process", "Which processes use how much of all cores?", ByProcess,
			Value{Column: "value", Label: "CPU", Unit: Percent}),
		layers("host-unit-cpu", "CPU by service or container", "Which services and containers use the cores?", ByName,
			Value{Column: "value", Label: "CPU", Unit: Percent}),
		ofHost("host-memory", "Memory", "Is there enough memory?", Series, percents("ram_pct", "In use", "swap_pct", "Swap in use")...),
		layers("host-who-memory", "Memory by process", "Which processes hold memory, and which grow?", ByProcess,
			Value{Column: "value", Label: "Memory", Unit: Bytes}),
		layers("host-unit-memory", "Memory by service or container", "Which services and containers hold memory, page cache included?", ByName,
			Value{Column: "value", Label: "Memory", Unit: Bytes}),
	}
}

// hostStorage are the panels of filesystems and disks.
func hostStorage() []Panel {
	busy := ofHost("host-busy", "Disk use", "Is a disk saturated or full?", Series,
		percents("disk_busy_pct", "Busiest disk", "disk_used_pct", "Fullest filesystem", "inodes_used_pct", "Inodes in use")...)
	busy.Instead = "host-disk-busy"
	disk := ofHost("host-disk", "Disk", "How much does it read and write?", Series,
		Value{Column: "disk_read_bytes_per_s", Label: "Read", Unit: BytesPerSecond, High: "disk_read_bytes_per_s_high"},
		Value{Column: "disk_write_bytes_per_s", Label: "Written", Unit: BytesPerSecond, High: "disk_write_bytes_per_s_high", Below: true})
	disk.Instead = "host-disks"
	return []Panel{
		{
			ID: "host-filesystems", Title: "Filesystems", Kind: Table, By: ByMount, Width: full - third, Optional: true,
			Question: "Which filesystems are nearly full, and when will they be full at the present pace?",
			MinSpanS: daySeconds, MaxSpanS: trendS,
			Values: filesystemValues(),
		},
		layers("host-who-disk", "Disk by process", "Which processes read from disks and write to them?", ByProcess,
			Value{Column: "value", Label: "Read and written", Unit: BytesPerSecond}),
		{
			ID: "host-disks", Title: "Disks", Kind: Table, Needs: EachSample, By: ByDevice, Width: third, Optional: true,
			Question: "Which disk is busy or slow?",
			Values: []Value{
				{Column: "busy", Label: "Busy", Unit: Percent, Thresholds: &loaded},
				{Column: "await", Label: "Latency", Unit: Milliseconds, Thresholds: &slow},
				{Column: "read", Label: "Read", Unit: BytesPerSecond},
				{Column: "written", Label: "Written", Unit: BytesPerSecond},
			},
		},
		disk,
		lines("host-disk-busy", "Disks busy", "Is a disk saturated, and since when?", EachSample, ByDevice,
			Value{Column: "busy_pct", Label: "Busy", Unit: Percent, Thresholds: &loaded}),
		busy,
		lines("host-disk-await", "Disk latency", "Is a disk slow, and since when?", EachSample, ByDevice,
			Value{Column: "await_ms", Label: "Latency", Unit: Milliseconds}),
	}
}

// hostOther are the panels of the network, the load, the pressure and the sensors.
func hostOther() []Panel {
	network := ofHost("host-network", "Network", "How much does it receive and send?", Series,
		Value{Column: "net_bytes_recv_per_s", Label: "Received", Unit: BytesPerSecond, High: "net_bytes_recv_per_s_high"},
		Value{Column: "net_bytes_sent_per_s", Label: "Sent", Unit: BytesPerSecond, High: "net_bytes_sent_per_s_high", Below: true})
	network.Instead = "host-interface-bytes"
	lost := ofHost("host-errors", "Errors and drops", "Does it lose packets?", Series, errorValues()...)
	lost.Instead = "host-interfaces"
	return []Panel{
		{
			ID: "host-interfaces", Title: "Interfaces", Kind: Table, Needs: EachSample, By: ByName, Width: full - third, Optional: true,
			Question: "What does each interface carry, how much of its speed is that, and does it lose packets?",
			Values:   interfaceValues(),
		},
		lost,
		lines("host-interface-bytes", "Traffic by interface", "How much does each interface receive and send?", EachSample, ByName,
			Value{Column: "recv_bytes_per_s", Label: "Received", Unit: BytesPerSecond},
			Value{Column: "sent_bytes_per_s", Label: "Sent", Unit: BytesPerSecond, Below: true}),
		network,
		ofHost("host-load", "Load", "How many tasks run or wait to run?", Series,
			Value{Column: "load1", Label: "1 minute", Unit: Load},
			Value{Column: "load5", Label: "5 minutes", Unit: Load},
			Value{Column: "load15", Label: "15 minutes", Unit: Load},
			Value{Column: "cpu_count", Label: "Cores", Unit: Count}),
		ofHost("host-pressure", "Pressure", "What do tasks wait for?", Series,
			percents("cpu_pressure_pct", "CPU", "mem_pressure_pct", "Memory", "io_pressure_pct", "I/O")...),
		lines("host-sensors", "Temperatures", "Does it get too hot?", AnyRows, ByName, Value{Column: "celsius", Label: "Temperature", Unit: Celsius, Thresholds: &hot}),
	}
}

// ofHost is a panel of columns over time.
func ofHost(id, title, question string, kind Kind, values ...Value) Panel {
	return Panel{ID: id, Title: title, Question: question, Kind: kind, Values: values, Width: third, Optional: true}
}

// layers shows who uses something over time.
func layers(id, title, question string, by Dimension, value Value) Panel {
	return Panel{ID: id, Title: title, Question: question, Kind: Layers, ReadsLists: true, By: by, Values: []Value{value}, Width: third, Optional: true}
}

// lines shows the elements of a list over time.
func lines(id, title, question string, needs Needs, by Dimension, values ...Value) Panel {
	return Panel{ID: id, Title: title, Question: question, Kind: Lines, Needs: needs, By: by, Values: values, Width: third, Optional: true}
}

// percents are percentages over time, each with the highest of its readings. The arguments are a column and its label, the next column
// and its label, and so on.
func percents(labels ...string) (values []Value) {
	for i := 0; i < len(labels); i += 2 {
		values = append(values, Value{Column: labels[i], Label: labels[i+1], Unit: Percent, High: labels[i] + "_high"})
	}
	return values
}

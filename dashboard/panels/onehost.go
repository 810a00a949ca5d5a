package panels

// oneHost is the page of one host, with every metric. Without a host it shows the mean over all samples.
func oneHost() Dashboard {
	percents := func(labels ...string) (values []Value) { // column, label, …
		for i := 0; i < len(labels); i += 2 {
			values = append(values, Value{Column: labels[i], Label: labels[i+1], Unit: Percent, High: labels[i] + "_high"})
		}
		return values
	}
	wide := func(p Panel) Panel {
		p.Width = full
		return p
	}
	return Dashboard{
		ID: "host", Title: "Host", Hidden: true,
		Question: "What does this one host do?",
		Panels: []Panel{
			wide(ofHost("host-cpu", "CPU", "How busy are all cores on average, and how busy is the busiest one?", Series, percents("cpu_pct", "CPU", "cpu_core_max_pct", "Busiest core")...)),
			ofHost("host-states", "What CPUs do", "Do they run programs or the kernel, wait for disks, or lose time to the hypervisor?", Area,
				percents("cpu_user_pct", "User", "cpu_system_pct", "System", "cpu_iowait_pct", "Waiting for I/O", "cpu_steal_pct", "Stolen")...),
			ofHost("host-load", "Load", "How many tasks run or wait to run?", Series,
				Value{Column: "load1", Label: "1 minute", Unit: Load},
				Value{Column: "load5", Label: "5 minutes", Unit: Load},
				Value{Column: "load15", Label: "15 minutes", Unit: Load},
				Value{Column: "cpu_count", Label: "Cores", Unit: Count}),
			ofHost("host-memory", "Memory", "Is there enough memory?", Series, percents("ram_pct", "In use", "swap_pct", "Swap in use")...),
			ofHost("host-bytes-memory", "Memory in bytes", "How much is in use, how much is left?", Series,
				Value{Column: "ram_used_bytes", Label: "Used", Unit: Bytes},
				Value{Column: "ram_available_bytes", Label: "Available", Unit: Bytes},
				Value{Column: "ram_total_bytes", Label: "Total", Unit: Bytes},
				Value{Column: "swap_used_bytes", Label: "Swap", Unit: Bytes}),
			ofHost("host-pressure", "Pressure", "What do tasks wait for?", Series,
				percents("cpu_pressure_pct", "CPU", "mem_pressure_pct", "Memory", "io_pressure_pct", "I/O")...),
			ofHost("host-network", "Network", "How much does it receive and send?", Series,
				Value{Column: "net_bytes_recv_per_s", Label: "Received", Unit: BytesPerSecond, High: "net_bytes_recv_per_s_high"},
				Value{Column: "net_bytes_sent_per_s", Label: "Sent", Unit: BytesPerSecond, High: "net_bytes_sent_per_s_high", Below: true}),
			ofHost("host-packets", "Packets", "How many packets go in and out?", Series,
				Value{Column: "net_packets_recv_per_s", Label: "Received", Unit: PerSecond},
				Value{Column: "net_packets_sent_per_s", Label: "Sent", Unit: PerSecond, Below: true}),
			ofHost("host-errors", "Errors and drops", "Does it lose packets?", Series,
				Value{Column: "net_err_in_per_s", Label: "Receive errors", Unit: PerSecond},
				Value{Column: "net_err_out_per_s", Label: "Transmit errors", Unit: PerSecond},
				Value{Column: "net_drop_in_per_s", Label: "Dropped on receive", Unit: PerSecond},
				Value{Column: "net_drop_out_per_s", Label: "Dropped on transmit", Unit: PerSecond}),
			ofHost("host-disk", "Disk", "How much does it read and write?", Series,
				Value{Column: "disk_read_bytes_per_s", Label: "Read", Unit: BytesPerSecond, High: "disk_read_bytes_per_s_high"},
				Value{Column: "disk_write_bytes_per_s", Label: "Written", Unit: BytesPerSecond, High: "disk_write_bytes_per_s_high", Below: true}),
			ofHost("host-operations", "Disk operations", "How many reads and writes are there?", Series,
				Value{Column: "disk_read_ops_per_s", Label: "Reads", Unit: PerSecond},
				Value{Column: "disk_write_ops_per_s", Label: "Writes", Unit: PerSecond, Below: true}),
			ofHost("host-busy", "Disk use", "Is a disk saturated or full?", Series,
				percents("disk_busy_pct", "Busiest disk", "disk_used_pct", "Fullest filesystem", "inodes_used_pct", "Inodes in use")...),
			ofHost("host-free", "Disk space left", "How much space is left on the fullest filesystem?", Series,
				Value{Column: "disk_free_bytes", Label: "Free", Unit: Bytes}),
			ofHost("host-processes", "Processes", "How many processes are there?", Series,
				Value{Column: "procs", Label: "Processes", Unit: Count}),
			ofHost("host-uptime", "Uptime", "When did it restart?", Series,
				Value{Column: "uptime_s", Label: "Up for", Unit: Seconds}),
		},
	}
}

// ofHost is a panel of columns over time.
func ofHost(id, title, question string, kind Kind, values ...Value) Panel {
	return Panel{ID: id, Title: title, Question: question, Kind: kind, Values: values}
}

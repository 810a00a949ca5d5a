package panels

// network answers: how much do hosts receive and send, and where do packets get lost?
func network() Dashboard {
	overTime := []string{"net_bytes_recv_per_s", "net_bytes_sent_per_s", "net_packets_recv_per_s", "net_packets_sent_per_s"}
	return Dashboard{
		ID: "network", Title: "Network",
		Question: "How much do hosts receive and send, and where do packets get lost?",
		Panels: []Panel{
			{
				ID: "network-hosts", Title: "Throughput by host", Kind: Fleet, By: ByHost, Together: overTime,
				Question: "Which hosts receive and send the most?",
				Values:   throughputValues(),
			},
			{
				ID: "network-bytes", Title: "Throughput of all hosts", Kind: Area, Together: overTime,
				Question: "How many bytes are received and sent in all?",
				Values: []Value{
					{Column: "net_bytes_recv_per_s", Label: "Received", Unit: BytesPerSecond},
					{Column: "net_bytes_sent_per_s", Label: "Sent", Unit: BytesPerSecond},
				},
			},
			{
				ID: "network-packets", Title: "Packets", Kind: Area, Together: overTime,
				Question: "How many packets are received and sent in all?",
				Values: []Value{
					{Column: "net_packets_recv_per_s", Label: "Received", Unit: PerSecond},
					{Column: "net_packets_sent_per_s", Label: "Sent", Unit: PerSecond},
				},
			},
			{
				ID: "network-errors", Title: "Errors and drops", Kind: Stack, By: ByHost,
				Question: "Which hosts lose packets, and in which direction?",
				Values:   errorValues(),
			},
			{
				ID: "network-scatter", Title: "Throughput against errors", Kind: Scatter, By: ByHost, Group: ByEnv,
				Question: "Do errors come with load, or from one bad machine?",
				Values: []Value{
					{Column: "throughput", Label: "Throughput", Unit: BytesPerSecond},
					{Column: "errors", Label: "Errors and drops", Unit: PerSecond, Thresholds: &erroneous},
				},
			},
			{
				ID: "network-worst", Title: "Worst hosts", Kind: Table, By: ByHost,
				Question: "Which hosts have the most errors and drops, and how much do they carry?",
				Values: []Value{
					{Column: "errors", Label: "Errors", Unit: PerSecond, Thresholds: &erroneous},
					{Column: "peak", Label: "Peak", Unit: PerSecond, Thresholds: &erroneous},
					{Column: "recv", Label: "Received", Unit: BytesPerSecond},
					{Column: "sent", Label: "Sent", Unit: BytesPerSecond},
				},
			},
			{
				ID: "network-interfaces", Title: "Interfaces", Kind: Table, Needs: EachSample, By: ByHost, Width: full, Optional: true,
				Question: "Which interfaces carry the most, how much of their speed is that, and which lose packets?",
				Values:   append([]Value{{Column: "name", Label: "Interface", Unit: Text}}, interfaceValues()...),
			},
		},
	}
}

// throughputValues are what a fleet receives and sends.
func throughputValues() []Value {
	return []Value{
		{Column: "recv", Label: "Received", Unit: BytesPerSecond, Low: "recv_low", High: "recv_high"},
		{Column: "sent", Label: "Sent", Unit: BytesPerSecond, Low: "sent_low", High: "sent_high", Below: true},
	}
}

// errorValues are the errors and drops in both directions.
func errorValues() []Value {
	return []Value{
		{Column: "net_err_in_per_s", Label: "Receive errors", Unit: PerSecond},
		{Column: "net_err_out_per_s", Label: "Transmit errors", Unit: PerSecond},
		{Column: "net_drop_in_per_s", Label: "Dropped on receive", Unit: PerSecond},
		{Column: "net_drop_out_per_s", Label: "Dropped on transmit", Unit: PerSecond},
	}
}

// interfaceValues are the columns of a table of interfaces.
func interfaceValues() []Value {
	return []Value{
		{Column: "recv", Label: "Received", Unit: BytesPerSecond},
		{Column: "sent", Label: "Sent", Unit: BytesPerSecond},
		{Column: "link_peak", Label: "Of speed, peak", Unit: Percent, Thresholds: &loaded},
		{Column: "speed", Label: "Speed", Unit: BitsPerSecond},
		{Column: "lost", Label: "Errors and drops", Unit: PerSecond, Thresholds: &erroneous},
		{Column: "lost_peak", Label: "Peak", Unit: PerSecond, Thresholds: &erroneous},
	}
}

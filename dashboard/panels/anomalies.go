package panels

// anomalies answers: what was unusual, compared with the host's own recent past?
//
// A point is the mean of the values in a slot, which is a time bucket of the chart. It is compared with the median of the slots at the same
// time of the week, in the three weeks before: so a job that runs each night or each Monday is not unusual. If fewer than two of these
// weeks have values, or if the time range is longer than a week, it is compared with the 24 slots before it. If a host sends less often
// than once a slot, each of these 24 steps is several slots long, so that it has a sample. The point is outside the band if its distance
// from that median is more than four times the sum of
//
//   - 1.4826 times the median distance of those slots from their median, which estimates a standard deviation but is not
//     moved by the outliers themselves;
//   - a twentieth of the median;
//   - a difference that is too small to matter in the metric.
//
// The median is of the past only. So a sudden step is an event at first, and becomes normal later. The week is counted in UTC: when
// daylight saving begins or ends, a job that follows the local clock is unusual for a week or two.
func anomalies() Dashboard {
	return Dashboard{
		ID: "anomalies", Title: "Anomalies", Metric: true, SpanS: hourSeconds,
		Question: "What was unusual, compared with the host's own past?",
		Panels: []Panel{
			{
				ID: "anomalies-band", Title: "The most unusual host", Kind: Band, By: ByHost, Width: full, Lead: window, Weeks: weeks,
				Question: "When did it leave the band of its usual values?",
				Values:   []Value{{Column: "value", Label: "Mean", Unit: OfMetric, Low: "low", High: "high"}},
			},
			{
				ID: "anomalies-map", Title: "When and where", Kind: HeatMap, By: ByHost, Across: ByTime, Width: full, Lead: window, Weeks: weeks,
				Question: "When was which host unusual, and how far from its usual value (1 is the edge of the band)?",
				Values:   []Value{{Column: "score", Label: "Distance", Unit: Load, Thresholds: &Thresholds{Warn: 1, Critical: 2}}},
			},
			{
				ID: "anomalies-hosts", Title: "By host", Kind: Bar, By: ByHost, Width: third, Lead: window, Weeks: weeks,
				Question: "Which hosts are unusual most often?",
				Empty:    "No host was unusual, or each has too few earlier values: choose a longer time range",
				Values:   []Value{{Column: "points", Label: "Points outside", Unit: Count}},
			},
			{
				ID: "anomalies-events", Title: "Events", Kind: Table, By: ByHost, Width: full - third, Lead: window, Weeks: weeks,
				Question: "What happened when, for how long, and how far from the usual value?",
				Empty:    "Nothing unusual happened, or hosts have too few earlier values: choose a longer time range",
				Values: []Value{
					{Column: "start_t", Label: "Start", Unit: Time},
					{Column: "length_s", Label: "Length", Unit: Duration},
					{Column: "usual", Label: "Usual", Unit: OfMetric},
					{Column: "peak", Label: "Peak", Unit: OfMetric},
					{Column: "size", Label: "Size", Unit: OfMetric},
				},
			},
		},
	}
}

// weeks is how many earlier weeks a point is compared with.
const weeks = 3

// window is the number of slots before a point with which the point is compared.
const window = 24

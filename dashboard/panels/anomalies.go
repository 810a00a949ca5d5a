package panels

// anomalies answers: what was unusual, by a host's own recent past?
//
// A point is the mean of a slot. It is compared with the median of the 24 slots before it; it is outside if it is further
// away than four times what is normal: 1.4826 times the median of the distances from that median (which estimates a
// standard deviation and, unlike one, is not moved by the outliers themselves), plus a twentieth of the median, plus a
// difference that is too small to matter in the metric. A median of the past only: a step is an event, not a new normal.
func anomalies() Dashboard {
	return Dashboard{
		ID: "anomalies", Title: "Anomalies", Metric: true, SpanS: hourSeconds,
		Question: "What was unusual, compared with the host's own recent past?",
		Panels: []Panel{
			{
				ID: "anomalies-band", Title: "The most unusual host", Kind: Band, By: ByHost, Width: full, Lead: window,
				Question: "Where did it leave the band of what was normal before?",
				SQL:      bandSQL(),
				Values:   []Value{{Column: "value", Label: "Mean", Unit: OfMetric, Low: "low", High: "high"}},
			},
			{
				ID: "anomalies-map", Title: "When and where", Kind: HeatMap, By: ByHost, Across: ByTime, Width: full, Lead: window,
				Question: "Do hosts deviate together, and by how many widths of the band?",
				SQL:      anomalyMapSQL(),
				Values:   []Value{{Column: "score", Label: "Distance", Unit: Load, Thresholds: &Thresholds{Warn: 1, Critical: 2}}},
			},
			{
				ID: "anomalies-hosts", Title: "By host", Kind: Bar, By: ByHost, Width: third, Lead: window,
				Question: "Which hosts are unusual most often?",
				Empty:    "No host was unusual",
				SQL:      anomalyHostsSQL(),
				Values:   []Value{{Column: "points", Label: "Points outside", Unit: Count}},
			},
			{
				ID: "anomalies-events", Title: "Events", Kind: Table, By: ByHost, Width: full - third, Lead: window,
				Question: "When did what happen, for how long, and how much?",
				Empty:    "Nothing unusual happened",
				SQL:      eventsSQL(),
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

// window is how many slots before a point it is compared with.
const window = 24

// scored gives each slot of each host what was normal then, and whether its mean is outside of that. A point with less
// than a third of the slots before it is not judged.
func scored() string {
	return `WITH means AS (
  SELECT ` + hostName + ` AS host, ` + slot + ` AS t, avg(` + chosenMetric() + `) AS value
  FROM samples
  WHERE ` + inRange + `
  GROUP BY 1, 2
), medians AS (
  SELECT p.host, p.t, p.value, approx_percentile(w.value, 0.5) AS median, count(w.value) AS points
  FROM means p JOIN means w ON w.host = p.host
  WHERE p.t >= :shown AND p.value IS NOT NULL AND w.t < p.t AND w.t >= p.t - 24 * :slot
  GROUP BY p.host, p.t, p.value
), bands AS (
  SELECT m.host, m.t, m.value, m.median,
    4 * (1.4826 * approx_percentile(abs(w.value - m.median), 0.5) + 0.05 * abs(m.median) + :slight) AS tolerance
  FROM medians m JOIN means w ON w.host = m.host
  WHERE m.points >= 8 AND w.t < m.t AND w.t >= m.t - 24 * :slot
  GROUP BY m.host, m.t, m.value, m.median
), scored AS (
  SELECT host, t, value, median, median - tolerance AS low, median + tolerance AS high,
    abs(value - median) / tolerance AS score, abs(value - median) > tolerance AS outside
  FROM bands
)`
}

func bandSQL() string {
	return scored() + `, ranked AS (
  SELECT host, row_number() OVER (ORDER BY sum(CASE WHEN outside THEN score ELSE 0 END) DESC, max(score) DESC, host) AS place
  FROM scored
  GROUP BY host
)
SELECT s.host, s.t, s.value, s.median, s.low, s.high, s.outside
FROM scored s JOIN ranked r ON r.host = s.host
WHERE r.place = 1
ORDER BY s.t`
}

// anomalyMapSQL shows the twenty hosts that deviate the most.
func anomalyMapSQL() string {
	return scored() + `, ranked AS (
  SELECT host, row_number() OVER (ORDER BY sum(CASE WHEN outside THEN score ELSE 0 END) DESC, max(score) DESC, host) AS place
  FROM scored
  GROUP BY host
)
SELECT s.host, s.t, s.score, s.value, s.median
FROM scored s JOIN ranked r ON r.host = s.host
WHERE r.place <= 20
ORDER BY r.place, s.t`
}

func anomalyHostsSQL() string {
	return scored() + `, counted AS (
  SELECT host, count(*) AS points, row_number() OVER (ORDER BY count(*) DESC, host) AS place
  FROM scored
  WHERE outside
  GROUP BY host
)
SELECT host, points
FROM counted
WHERE place <= 15
ORDER BY place`
}

// eventsSQL joins neighbouring points outside, on the same side, into events. Their length is that of their slots.
func eventsSQL() string {
	return scored() + `, numbered AS (
  SELECT host, t, value, median, score, value > median AS above,
    t / :slot - row_number() OVER (PARTITION BY host, value > median ORDER BY t) AS event
  FROM scored
  WHERE outside
), events AS (
  SELECT host, above, event, min(t) AS start_t, count(*) AS points, max_by(median, score) AS usual, max_by(value, score) AS peak,
    max(score) AS score
  FROM numbered
  GROUP BY host, above, event
), ranked AS (
  SELECT host, start_t, points, usual, peak, row_number() OVER (ORDER BY score DESC, start_t, host) AS place
  FROM events
)
SELECT host, start_t, points * :slot AS length_s, usual, peak, peak - usual AS size
FROM ranked
WHERE place <= 100
ORDER BY start_t DESC, host`
}

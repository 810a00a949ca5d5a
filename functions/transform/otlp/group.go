package otlp

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// point is a value of a metric.
type point struct {
	metric     string
	attributes attributes
	series     string // metric and attributes as one text
	time       whole  // Unix nanoseconds
	value      float64
	// seconds is the time that the value covers if the value is a difference, otherwise 0.
	seconds float64
}

// machine is the points of one resource.
type machine struct {
	resource attributes
	id       string // the resource as one text
	points   []point
}

// Samples returns the samples in a document, and the reasons why parts of them are absent. It fails if the document cannot
// be read or has no sample, or if a machine has no host.name.
func Samples(text []byte) (samples []record.Sample, absent []error, err error) {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, nil, fmt.Errorf("read as OTLP/JSON metrics: %w", err)
	}
	notes := notes{}
	var unused []string
	for _, m := range d.machines(&notes) {
		if m.resource.first("process.pid") != "" {
			unused = append(unused, "metrics of processes")
			continue
		}
		for _, c := range m.collections() {
			s, found := c.sample(m, &notes)
			if !found {
				unused = append(unused, c.names()...)
				continue
			}
			if s.Hostname == "" {
				return nil, nil, errNoHost
			}
			samples = append(samples, s)
		}
	}
	if len(samples) == 0 {
		return nil, nil, noSample(unused, notes.list)
	}
	return samples, notes.list, nil
}

var errNoHost = errors.New(
	"the resource has no attribute host.name, which names the machine; add the processor resourcedetection with the detector system")

// noSample says why a document has no sample.
func noSample(unused []string, notes []error) error {
	if len(notes) > 0 {
		return notes[0]
	}
	slices.Sort(unused)
	have := strings.Join(slices.Compact(unused), ", ")
	return fmt.Errorf("the document has no metric for which the table has a column; it has %.200s; send metrics of the receiver hostmetrics", cmp.Or(have, "no points"))
}

// notes are the reasons why values are absent, each once.
type notes struct {
	list []error
	has  map[string]bool
}

// add adds a reason unless it is there. A reason names a metric but nothing of a point, because a document may have many points.
func (n *notes) add(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	if n.has[err.Error()] {
		return
	}
	if n.has == nil {
		n.has = map[string]bool{}
	}
	n.has[err.Error()] = true
	n.list = append(n.list, err)
}

// machines returns the points by resource, in the order of the document. A collector gives one resource for each scraper, and all
// those of a machine have the same attributes.
func (d document) machines(notes *notes) []*machine {
	var list []*machine
	byResource := map[string]*machine{}
	for _, r := range d.ResourceMetrics {
		id := r.Resource.Attributes.text()
		m := byResource[id]
		if m == nil {
			m = &machine{resource: r.Resource.Attributes, id: id}
			byResource[id], list = m, append(list, m)
		}
		for _, scope := range r.ScopeMetrics {
			for _, metric := range scope.Metrics {
				m.points = append(m.points, metric.points(notes)...)
			}
		}
	}
	return list
}

// text returns a text that is equal for equal attributes.
func (a attributes) text() string {
	b, _ := json.Marshal(a) // a map of texts cannot fail; the keys are sorted
	return string(b)
}

// counters are the metrics that only ever grow. Columns are made of their increase: a rate, a share of time, or a time per operation.
var counters = []string{
	"system.cpu.time", "system.disk.io", "system.disk.operations", "system.disk.io_time", "system.disk.operation_time",
	"system.network.io", "system.network.packets", "system.network.packet.count", "system.network.errors",
	"system.network.dropped", "system.network.packet.dropped",
}

// points returns the points of a metric whose value can be used without an earlier point. It leaves out totals since a start, for example.
func (m metric) points(notes *notes) []point {
	var list []dataPoint
	isDelta := false
	switch {
	case m.Gauge != nil:
		list = m.Gauge.DataPoints
	case m.Sum != nil:
		list = m.Sum.DataPoints
		isDelta = m.Sum.Temporality == delta
		if m.Sum.Monotonic && !isDelta {
			if slices.Contains(counters, m.Name) {
				notes.add("%s is a total since the start, and one total gives no rate; add the processor cumulativetodelta, which makes differences", m.Name)
			}
			return nil
		}
	}
	points := make([]point, 0, len(list))
	for _, p := range list {
		v, ok := p.value()
		if !ok || p.Time <= 0 {
			continue
		}
		seconds := 0.0
		if isDelta {
			if seconds = float64(p.Time-p.Start) / 1e9; p.Start <= 0 || seconds <= 0 {
				notes.add("%s is a difference, but its point does not say which time it covers; set startTimeUnixNano to a time before timeUnixNano", m.Name)
				continue
			}
		}
		points = append(points, point{m.Name, p.Attributes, m.Name + p.Attributes.text(), p.Time, v, seconds})
	}
	return points
}

// collection is what the collector read at about one time.
type collection []point

// collections cuts the points into collections. A collector reads its scrapers one after another: their times differ, by seconds on a
// busy machine. So a collection lasts until one of its series has a second point.
func (m *machine) collections() (list []collection) {
	slices.SortStableFunc(m.points, func(a, b point) int { return cmp.Compare(a.time, b.time) })
	seen := map[string]bool{}
	for _, p := range m.points {
		if len(list) == 0 || seen[p.series] {
			list = append(list, nil)
			clear(seen)
		}
		seen[p.series] = true
		list[len(list)-1] = append(list[len(list)-1], p)
	}
	return list
}

func (c collection) names() (names []string) {
	for _, p := range c {
		names = append(names, p.metric)
	}
	return names
}

// of returns the points of a metric. The metric may have two names: that of the receiver and that of the semantic conventions.
func (c collection) of(names ...string) (points []point) {
	for _, p := range c {
		if slices.Contains(names, p.metric) {
			points = append(points, p)
		}
	}
	return points
}

// defaultInterval is the collection interval of the receiver hostmetrics, in seconds, if its configuration names none.
const defaultInterval = 60

// sample makes the sample of a machine's collection; found is false if no column has a value.
func (c collection) sample(m *machine, notes *notes) (s record.Sample, found bool) {
	c.storeHost(&s, notes)
	c.storeDevices(&s)
	if reflect.ValueOf(s).IsZero() {
		return s, false
	}
	s.TS = record.TS(time.Unix(0, int64(c[0].time)))
	s.IntervalS = c.interval()
	storeResource(m.resource, &s)
	// A collector counts neither sessions nor samples. With these values, copies of a document give equal samples, which samples_once
	// removes.
	session, seq := fnv.New64a(), fnv.New64a()
	session.Write([]byte(m.id))
	s.SessionID = fmt.Sprintf("%016x", session.Sum64())
	seq.Write(s.AppendJSON(nil))
	s.Seq = int64(seq.Sum64() >> 1)
	return s, true
}

// interval returns the time between two collections, in seconds: the longest time that a difference covers. If there is no difference, it
// returns the default of the receiver.
func (c collection) interval() int32 {
	longest := 0.0
	for _, p := range c {
		longest = max(longest, p.seconds)
	}
	if longest == 0 {
		return defaultInterval
	}
	return int32(max(1, min(math.Round(longest), math.MaxInt32)))
}

package panels

import (
	"cmp"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

// Dashboard is a page of panels.
type Dashboard struct {
	ID       string  `json:"id"` // part of the page's address
	Title    string  `json:"title"`
	Question string  `json:"question"`
	Panels   []Panel `json:"panels"`
	// Hidden keeps it out of the menu. Links lead to it, such as a host's name to the page of that host.
	Hidden bool `json:"hidden,omitempty"`
	// NoPage says that it has no page of its own: other pages use the answers of its panels.
	NoPage bool `json:"no_page,omitempty"`
	// SpanS is the shortest time range, in seconds, for which the dashboard makes sense: an hour does not show the rhythm of
	// a week. 0 means that it makes sense for every range.
	SpanS int `json:"span_s,omitempty"`
	// Metric says that the viewer chooses which of the [Metrics] the panels show.
	Metric bool `json:"metric,omitempty"`
}

// Panel is one picture: a question and the query that answers it.
type Panel struct {
	ID       string `json:"id"` // unique over all dashboards
	Title    string `json:"title"`
	Question string `json:"question"`
	Kind     Kind   `json:"kind"`
	// By is what one line, bar, box, point or row stands for, such as a host.
	By Dimension `json:"by,omitempty"`
	// Across is the horizontal axis of a heat map. By is the vertical one.
	Across Dimension `json:"across,omitempty"`
	// Group is what points of one colour have in common.
	Group Dimension `json:"group,omitempty"`
	// Values are the result's columns that carry quantities, in the order in which they are shown.
	Values []Value `json:"values"`
	// SQL is the query as its file has it, a template: see the package's comment.
	SQL string `json:"-"`
	// MinSpanS widens the time range to at least this many seconds. For example, the list of machines shows one that went
	// silent an hour ago even if the viewer chose the last five minutes. 0 leaves the range as it is.
	MinSpanS int `json:"min_span_s,omitempty"`
	// MaxSpanS shortens the time range to at most this many seconds. The end stays the same. 0 leaves the range as it is.
	MaxSpanS int `json:"max_span_s,omitempty"`
	// Needs is the coarsest rows that the panel can be made of.
	Needs Needs `json:"-"`
	// ReadsLists says that the panel reads all lists of processes or units in its range. These have many elements, so such a panel takes
	// hours and days sooner than others.
	ReadsLists bool `json:"-"`
	// KeepS is how old an answer may be, in seconds: a query that reads much is not asked again at each refresh. 0 asks each time.
	KeepS int `json:"keep_s,omitempty"`
	// Together are the columns that this panel and others of the page read by host and time bucket, by the names that [statement.byBucket]
	// takes. Panels with equal lists can share the columns: see [Params.Together]. Each panel that reads by host and time bucket has a list,
	// so that a large fleet does not have too many buckets: see [BucketsFor].
	Together []string `json:"-"`
	// OfHost are the columns of samples that the panels of the page of one host read. If a viewer chose a host, they share the rows of that
	// host with these columns: to find them among those of a large fleet takes longer than all that is made of them.
	OfHost []string `json:"-"`
	// Lead is a number of slots. The query also reads that many before the time range, to compare values with their past.
	Lead int `json:"lead,omitempty"`
	// Weeks is how many earlier weeks the panel compares with. If the time range is at most a week, the query also reads the same time of
	// each of these weeks. The queries of [Variables], also the saved ones, do not do that.
	Weeks int `json:"weeks,omitempty"`
	// Empty is the text for an answer without rows, if that is normal, such as no problems. If Empty is "", the page says that there is no data.
	Empty string `json:"empty,omitempty"`
	// Optional says that the page shows the panel only if it has data: not every machine has sensors, and older collectors send no
	// details.
	Optional bool `json:"optional,omitempty"`
	// Instead is the id of a panel of the same dashboard. The page shows this panel only if that one has no data, or shows only the end of
	// the time range.
	Instead string `json:"instead,omitempty"`
	// AnswerOf is the id of a panel of the same dashboard whose query this panel has too. The page asks once for both.
	AnswerOf string `json:"answer_of,omitempty"`
	// Width is how many of the twelve columns of the page the panel takes; 0 means six.
	Width int `json:"width,omitempty"`
}

// Kind is how a panel is drawn.
type Kind string

// The kinds of panels.
const (
	// Stat shows single numbers. Its query gives one row.
	Stat Kind = "stat"
	// Gauge shows each value of the one row on a dial.
	Gauge Kind = "gauge"
	// Trend is the small chart within a Stat: one row for each time bucket, its start in the column t.
	Trend Kind = "trend"
	// Lines is one line for each By. The columns are By, t (start of the bucket, Unix seconds) and the values. The rows are
	// ordered by By and t.
	Lines Kind = "lines"
	// Fleet is Lines of the first [Params.Series] hosts if there are few hosts (see [Params.Few]). If there are more, it is the median of
	// the fleet and the band from 5 to 95 % of its hosts, in the rows of [Median], with the lines of the worst hosts and of the picked
	// ones over it.
	Fleet Kind = "fleet"
	// HostRows is Lines like Fleet if there are few hosts. If there are more, it is a heat map that has a row for each of the first 40
	// hosts and colours it by the first value.
	HostRows Kind = "hostrows"
	// HostMap is a cell for each host, which the viewer colours by its state or one of the values.
	HostMap Kind = "hostmap"
	// Layers is like Lines, filled and stacked. A name without a row in a bucket counts as 0 there.
	Layers Kind = "layers"
	// Series is one line for each value. The columns are t and the values.
	Series Kind = "series"
	// Area is like Series, filled and stacked.
	Area Kind = "area"
	// Bar is a group of bars for each By, in the order of rows.
	Bar Kind = "bar"
	// Stack is like Bar, with the values on top of each other.
	Stack Kind = "stack"
	// Scatter is a point for each By, the first value to the right, the second upwards.
	Scatter Kind = "scatter"
	// HeatMap colours the cell of By and Across by the first value.
	HeatMap Kind = "heatmap"
	// Box is a box plot for each By. Its five values are low, lower quartile, median, upper quartile, high.
	Box Kind = "box"
	// Band is the value of one host over time, in the band between its Low and High around the column median. The column
	// outside marks the points beyond the band.
	Band Kind = "band"
	// Table shows the rows as they are.
	Table Kind = "table"
	// Marks are drawn into the charts over time of the page, not on their own. The columns are host, t, until (NULL for a
	// moment), mark (a text) and severity: 0 for an event, 1 or 2 for a problem as by [Thresholds].
	Marks Kind = "marks"
	// Head says what one host is and how it is now. Its query gives a row for each host; the page shows it for a single one. The
	// columns host, last_ts and silent say whether the host reports.
	Head Kind = "head"
	// Problems is one row for each host with all of its problems. Silent hosts are apart from the others.
	Problems Kind = "problems"
)

// Dimension is what the rows of a result are about. It is also the name of the column.
type Dimension string

// The dimensions.
const (
	ByHost    Dimension = "host"
	ByEnv     Dimension = "env"
	ByRole    Dimension = "role"
	ByHour    Dimension = "hour"    // 0..23, in the viewer's zone
	ByWeekday Dimension = "weekday" // 0 = Monday .. 6, in the viewer's zone
	ByDay     Dimension = "day"     // midnight by the viewer's clock, as if that were UTC, in Unix seconds
	ByTime    Dimension = "t"       // Unix seconds
	ByTag     Dimension = "tag"     // the key of a tag
	ByProcess Dimension = "process" // a program and its unit
	ByMount   Dimension = "mount"   // of a filesystem
	ByDevice  Dimension = "device"  // a disk
	ByName    Dimension = "name"    // of an interface, a sensor, a service or container
)

// Value is a column that carries a quantity.
type Value struct {
	Column string `json:"column"`
	Label  string `json:"label"`
	Unit   Unit   `json:"unit"`
	// Low and High name the columns with the smallest and the largest of the readings behind a mean. They are empty if the
	// query has no such columns.
	Low  string `json:"low,omitempty"`
	High string `json:"high,omitempty"`
	// Below marks the second of two opposite values, such as sent beside received. A chart draws it below the axis, a tile
	// marks it with an arrow up.
	Below bool `json:"below,omitempty"`
	// Host names the column that says which host, mount or device a maximum is of.
	Host string `json:"host,omitempty"`
	// UnitColumn names the column that holds the unit if it differs from row to row.
	UnitColumn string `json:"unit_column,omitempty"`
	// Sum is for values of the panel overview-trend that are not columns of the panel overview-now. It names the columns of overview-now
	// whose sum the value is.
	Sum []string `json:"sum,omitempty"`
	// Fact says that the value is what a host is, not how it is now.
	Fact bool `json:"fact,omitempty"`
	// Note says what the number means. A tile shows it if it cannot name the host with the highest value.
	Note string `json:"note,omitempty"`
	// Thresholds colour a value. They are nil if a high value is not bad.
	Thresholds *Thresholds `json:"thresholds,omitempty"`
}

// Thresholds are limits of a value. A value of Warn or more needs attention soon, a value of Critical or more at once.
// If Critical is below Warn, lower values are worse.
type Thresholds struct {
	Warn     float64 `json:"warn"`
	Critical float64 `json:"critical"`
}

// Unit says how a number is formatted.
type Unit = record.Unit

// The units of values: those of the contract's columns, and those that only panels have.
const (
	Percent             = record.Percent
	Bytes               = record.Bytes
	BytesPerSecond      = record.BytesPerSecond
	PerSecond           = record.PerSecond
	Count               = record.Count
	Load                = record.Load
	Seconds             = record.Seconds
	Milliseconds        = record.Milliseconds
	BitsPerSecond       = record.BitsPerSecond
	Celsius             = record.Celsius
	PercentOfCore       = record.PercentOfCore
	Time           Unit = "time"     // Unix seconds, shown as a moment or as its age
	Duration       Unit = "duration" // seconds, shown in the largest fitting unit
	Text           Unit = "text"
	OfMetric       Unit = "metric" // the unit of the chosen metric
	OfRow          Unit = "row"    // the unit that the row names, see [Value.UnitColumn]
)

// All returns the dashboards in the order of the menu. Those that are not in the menu come last.
func All() []Dashboard {
	all := []Dashboard{
		overview(), performance(), processes(), network(), disk(), hosts(), patterns(), environments(), anomalies(), oneHost(), filters(), marks(),
	}
	for _, d := range all {
		withQueries(d.Panels)
	}
	return all
}

// withQueries sets the SQL of each panel from its file.
func withQueries(list []Panel) []Panel {
	for i := range list {
		list[i].SQL = fileOf(cmp.Or(list[i].AnswerOf, list[i].ID))
	}
	return list
}

// Find returns the panel with this id. It looks in the dashboards and in [Questions].
func Find(id string) (Panel, bool) {
	for _, d := range append(All(), Dashboard{Panels: Questions()}) {
		for _, p := range d.Panels {
			if p.ID == id {
				return p, true
			}
		}
	}
	return Panel{}, false
}

const (
	minuteSeconds      = 60
	quarterHourSeconds = 15 * minuteSeconds
	hourSeconds        = 60 * minuteSeconds
	daySeconds         = 24 * hourSeconds
)

const (
	full  = 12
	third = 4
)

// The thresholds. The page colours values by them, and the rules about problems use most of them.
var (
	loaded    = Thresholds{Warn: 90, Critical: 97}  // CPU, memory, a disk's time, in percent
	stolen    = Thresholds{Warn: 10, Critical: 30}  // CPU time that the hypervisor takes, in percent
	filled    = Thresholds{Warn: 90, Critical: 95}  // space, in percent
	pressed   = Thresholds{Warn: 40, Critical: 70}  // time that tasks wait, in percent
	slow      = Thresholds{Warn: 20, Critical: 100} // a disk's operations, in milliseconds
	hot       = Thresholds{Warn: 80, Critical: 95}  // in degrees Celsius
	erroneous = Thresholds{Warn: 1, Critical: 10}   // network errors and drops per second
)

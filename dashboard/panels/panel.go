package panels

// Dashboard is a page of panels.
type Dashboard struct {
	ID     string  `json:"id"` // stands in the page's address
	Title  string  `json:"title"`
	Panels []Panel `json:"panels"`
}

// Panel is one picture: a question and the query that answers it.
type Panel struct {
	ID       string `json:"id"` // unique over all dashboards
	Title    string `json:"title"`
	Question string `json:"question"`
	Kind     Kind   `json:"kind"`
	// Values are the result's columns that carry quantities, in the order in which they are shown.
	Values []Value `json:"values"`
	// SQL reads the view or table samples. Its parameters are those of [Params], written as :name.
	SQL string `json:"sql"`
	// MinSpanS widens the time range to at least this many seconds: a machine that went silent an hour ago belongs
	// into the list of machines also where the last five minutes are looked at. 0 leaves the range as it is.
	MinSpanS int `json:"min_span_s,omitempty"`
}

// Kind is how a panel is drawn.
type Kind string

// The kinds of panels.
const (
	// Stat shows single numbers. Its query gives one row.
	Stat Kind = "stat"
	// Trend is the small chart within a Stat: one row for each time bucket, its start in the column t.
	Trend Kind = "trend"
	// Lines is one line for each host: rows of host, t (start of the bucket, Unix seconds) and the values, by host and t.
	Lines Kind = "lines"
	// Table shows the rows as they are.
	Table Kind = "table"
)

// Value is a column that carries a quantity.
type Value struct {
	Column string `json:"column"`
	Label  string `json:"label"`
	Unit   Unit   `json:"unit"`
	// Low and High name the columns with the smallest and largest single reading behind a mean, where there are some.
	Low  string `json:"low,omitempty"`
	High string `json:"high,omitempty"`
	// Below draws the value below the axis, opposite to its counterpart (sent against received).
	Below bool `json:"below,omitempty"`
	// Host names the column that says which host a maximum is of.
	Host string `json:"host,omitempty"`
	// Thresholds colour a value; nil where no value is bad as such.
	Thresholds *Thresholds `json:"thresholds,omitempty"`
}

// Thresholds are the values from which on a reading deserves attention.
type Thresholds struct {
	Warn     float64 `json:"warn"`
	Critical float64 `json:"critical"`
}

// Unit says how a number is formatted.
type Unit string

// The units of values. They are spelled as record.Unit spells them; Age is one more.
const (
	Percent        Unit = "percent" // 0..100
	BytesPerSecond Unit = "bytes_per_s"
	Count          Unit = "count"
	Seconds        Unit = "s"
	Time           Unit = "time" // Unix seconds, shown as a moment or as its age
)

// All returns the dashboards in the order of the menu.
func All() []Dashboard { return []Dashboard{overview()} }

// Find returns the panel of an id.
func Find(id string) (Panel, bool) {
	for _, d := range All() {
		for _, p := range d.Panels {
			if p.ID == id {
				return p, true
			}
		}
	}
	return Panel{}, false
}

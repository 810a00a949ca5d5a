package panels

import "time"

// filters answers: what can a viewer choose from? The page fills its lists with these panels and does not draw them.
func filters() Dashboard {
	return Dashboard{
		ID: "filters", Title: "Filters", Hidden: true, NoPage: true,
		Question: "What is there to choose from?",
		Panels: []Panel{
			{
				ID: "filters-hosts", Title: "Hosts", Kind: Table, By: ByHost, KeepS: choicesS,
				Question: "Which hosts, environments and roles are there?",
				Values:   []Value{{Column: "last_ts", Label: "Last seen", Unit: Time}},
			},
			{
				ID: InventoryID, Title: "Inventory", Kind: Table, By: ByHost,
				Question: "Which hosts are there, and when did each send its first and its last sample?",
				MinSpanS: int(ForgetAfter.Seconds()), KeepS: hourSeconds,
				Values: []Value{{Column: "first_ts", Label: "First seen", Unit: Time}, {Column: "last_ts", Label: "Last seen", Unit: Time}},
			},
			{
				ID: "filters-newest", Title: "Newest sample", Kind: Stat,
				Question: "How fresh is the lake?",
				Values:   []Value{{Column: "last_ts", Label: "Newest sample", Unit: Time}},
			},
			{
				ID: "filters-tags", Title: "Tags", Kind: Table, By: ByTag, MaxSpanS: hourSeconds, KeepS: choicesS,
				Question: "Which tags did hosts have in the last hour of the range?",
				Values:   []Value{{Column: "value", Label: "Value", Unit: Text}, {Column: "hosts", Label: "Hosts", Unit: Count}},
			},
		},
	}
}

// choicesS is how old the lists to choose from may be, in seconds: each letter that a viewer types searches them again.
const choicesS = 2 * minuteSeconds

// InventoryID is the id of the panel that lists all hosts of the last [ForgetAfter], also those that have been silent for long.
const InventoryID = "filters-inventory"

// ForgetAfter is how long a silent host is listed, if nobody chose another time.
const ForgetAfter = 30 * 24 * time.Hour

package panels

// problem is a value of a host that should stay below its thresholds. The value is a mean over five minutes.
type problem struct {
	Name   string
	Column string // the value in the query of overview-attention
	Unit   Unit
	Thresholds
}

func problems() []problem {
	return []problem{
		{"CPU", "cpu", Percent, loaded},
		{"Memory", "ram", Percent, loaded},
		{"Busiest disk", "busy", Percent, loaded},
		{"Disk full", "used", Percent, filled},
		{"Network errors", "errors", PerSecond, erroneous},
		{"Pressure", "pressure", Percent, pressed},
		{"Inodes used up", "inodes", Percent, filled},
		// The pages cannot tell the samples of these machines apart. A new machine that took over the name is not a problem:
		// the two do not send within the same five minutes.
		{"Host name of several machines", "machines", Count, several},
	}
}

package panels

// problem is a value of a host, over five minutes, that should stay below its thresholds.
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
		// Every page mixes up the samples of these machines. If one machine after another had the name, that is no problem.
		{"Host name of several machines", "machines", Count, several},
	}
}

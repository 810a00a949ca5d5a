package cost

import (
	"math"
	"time"
)

// Values of the alerts' query over a table of samples. Athena's engine reads a table again for each reference to it, also by way of a
// common table expression: TestAlertHours counts that.
const (
	// alertHours is how many hours of the table a run reads, each as often as the statement refers to it.
	alertHours = 201.0
	// alertBytes is how much it reads of a sample: mostly time and host, some values, and lists of the newest minutes. Measured on a
	// simulated day of ten hosts at 3 s, weighed by hours.
	alertBytes = 5
	// alertReads is how many requests read an object: a reader of Parquet asks for the end of a file, then for columns.
	alertReads = 2
	// alertTime is how long a run takes. It waits for Athena.
	alertTime = 10 * time.Second
)

// alerts returns the lines of the function that tells people about problems, or none if it is off.
func (f Fleet) alerts(item func(name string, quantity float64, unit string, price float64) named) []named {
	if f.AlertsEvery == 0 {
		return nil
	}
	runs := month.Seconds() / f.AlertsEvery.Seconds()
	return []named{
		item("Alerts: Athena", runs*math.Max(leastScanBytes, alertHours*f.hourSamples()*alertBytes)/gib, "GiB", athenaTiB/1024),
		item("Alerts: S3 reads by Athena", runs*alertHours*alertReads*f.objects()/month.Hours(), "requests", getObject),
		// Athena lists the folder of each hour, and writes the answer and a note about it.
		item("Alerts: S3 lists and PUTs", runs*(alertHours+2), "requests", putObject),
		item("Alerts: Lambda", runs*alertTime.Seconds()*memoryGiB, "GiB-s", lambdaGiBSecond),
		item("Alerts: alarm", 1, "alarm", alarm),
	}
}

package cost

import (
	"math"
	"time"
)

// What the alerts' query reads. Athena's engine reads a table again for each reference to it, also by way of a common table expression.
// TestAlertHours counts the folders, on the average over the minutes of an hour. An hour is rolled up half an hour after its end.
const (
	// alertHours is how many hours of samples a run reads, each as often as the statement refers to it, and alertFolders is how many
	// folders these are in: the first hour of a time range is read as a whole, the newest one as far as it has objects.
	alertHours, alertFolders = 6.1, 9.0
	// alertRolled is how many hours of minutes it reads, each in a folder of its own.
	alertRolled = 29.0
	// alertBytes is how much it reads of a sample: mostly time and host, some values, and lists of the newest minutes. Measured on a
	// simulated day of ten hosts at 3 s, weighed by hours. Of a minute it reads as many columns.
	alertBytes = 5
	// alertReads is how many requests read an object: a reader of Parquet asks for the end of a file, then for columns.
	alertReads = 2
	// alertStatements is how many statements a run has at most: one asks which hours and days are rolled up.
	alertStatements = 2
	// alertTime is how long a run takes. It waits for Athena.
	alertTime = 10 * time.Second
)

// alerts returns the lines of the function that tells people about problems, or none if it is off.
func (f Fleet) alerts(item func(name string, quantity float64, unit string, price float64) named) []named {
	if f.AlertsEvery == 0 {
		return nil
	}
	runs := month.Seconds() / f.AlertsEvery.Seconds()
	scanned := alertBytes * (alertHours*f.hourSamples() + alertRolled*60*float64(f.Hosts))
	return []named{
		item("Alerts: Athena", runs*((alertStatements-1)*leastScanBytes+math.Max(leastScanBytes, scanned))/gib, "GiB", athenaTiB/1024),
		item("Alerts: S3 reads by Athena", runs*alertReads*(alertHours*f.objects()/month.Hours()+alertRolled*filesPerStatement), "requests", getObject),
		// Athena lists each folder, and writes the answers and a note about each.
		item("Alerts: S3 lists and PUTs", runs*(alertFolders+alertRolled+2*alertStatements), "requests", putObject),
		item("Alerts: Lambda", runs*alertTime.Seconds()*memoryGiB, "GiB-s", lambdaGiBSecond),
		item("Alerts: alarm", 1, "alarm", alarm),
	}
}

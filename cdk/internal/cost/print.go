package cost

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Print writes the bill of a fleet as a table.
func Print(w io.Writer, f Fleet) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d hosts, a sample every %s: %s samples in a month of 730 hours\n\n", f.Hosts, f.Interval, count(f.samples()))
	lines := f.Estimate()
	fmt.Fprintf(&b, "%-42s %22s %10s   %22s %10s\n", "", "as edge sends, packed", "USD", "a record per sample", "USD")
	for _, l := range lines {
		fmt.Fprintf(&b, "%-42s %22s %10.2f   %22s %10.2f\n", l.Name, l.Packed, l.Packed.USD, l.Single, l.Single.USD)
	}
	packed, single := Total(lines)
	fmt.Fprintf(&b, "%-42s %22s %10.2f   %22s %10.2f\n", "Total", "", packed, "", single)
	furtherPacked, furtherSingle := f.further(f.Stored, f.Rolled)
	fmt.Fprintf(&b, "%-42s %22s %10.4f   %22s %10.4f\n", "Each further host adds", "", furtherPacked, "", furtherSingle)
	year, _ := f.further(1, 12)
	ten, _ := f.further(1, 120)
	fmt.Fprintf(&b, "\nA further machine, with samples kept for 30 days and rollups for ever: %.2f cents a month after a year, %.2f after ten.\n",
		100*year, 100*ten)
	fmt.Fprintf(&b, "\nA machine costs about %.0f cents a month, storage included; the rest does not grow with machines.\n",
		100*furtherPacked)
	fmt.Fprintf(&b, `
List prices of us-east-1, nothing counted as free: of an account, the first 10 alarms and 3 dashboards are.
Dynamic partitioning is billed by the GB delivered; counted here is the JSON before conversion, about %d times the Parquet.
QuickSight is not counted: it bills its users, and its queries are Athena's.
Months of samples stored: %d, of rollups: %d. Rows of minutes are thought not to be read after 90 days. A run of the crawler is billed for %.2f USD at least.
`, enrichedBytes/parquetBytes, f.Stored, f.Rolled, crawlerDPUs*crawlerHours*crawlerDPUHour)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("print the estimate: %w", err)
	}
	return nil
}

func (i Item) String() string { return count(i.Quantity) + " " + i.Unit }

// count writes a number with commas between thousands. It writes a number below 100 with two decimals.
func count(v float64) string {
	if v < 100 {
		return strings.TrimSuffix(strconv.FormatFloat(v, 'f', 2, 64), ".00")
	}
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

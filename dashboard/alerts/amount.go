package alerts

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// amount writes a value with its unit, bytes with binary prefixes. It has three significant digits at most, or all digits of its whole part.
func amount(v float64, unit panels.Unit) string {
	switch unit {
	case panels.Percent, panels.PercentOfCore:
		return digits(v) + " %"
	case panels.Duration, panels.Seconds:
		if v < 1 {
			return digits(v) + " s"
		}
		return span(time.Duration(min(v, 1e9) * float64(time.Second)))
	case panels.Milliseconds:
		return digits(v) + " ms"
	case panels.Celsius:
		return digits(v) + " °C"
	case panels.PerSecond:
		return scaled(v, 1000, "", "k", "M", "G") + "/s"
	case panels.Bytes:
		return scaled(v, 1024, " B", " KiB", " MiB", " GiB", " TiB", " PiB")
	case panels.BytesPerSecond:
		return scaled(v, 1024, " B", " KiB", " MiB", " GiB", " TiB") + "/s"
	case panels.BitsPerSecond:
		return scaled(v, 1000, " bit", " kbit", " Mbit", " Gbit") + "/s"
	}
	return digits(v)
}

// scaled writes a value in the largest of the units that fits.
func scaled(v, step float64, units ...string) string {
	i := 0
	for ; math.Abs(v) >= step && i < len(units)-1; i++ {
		v /= step
	}
	return digits(v) + units[i]
}

// digits writes a number with three significant digits, or all digits of its whole part.
func digits(v float64) string {
	places := 2
	switch a := math.Abs(v); {
	case a >= 99.95:
		places = 0
	case a >= 9.995:
		places = 1
	}
	text := strconv.FormatFloat(v, 'f', places, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

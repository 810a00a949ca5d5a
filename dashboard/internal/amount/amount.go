// Package amount writes numbers for people, as the page does in the browser (web/static/format.js). The terminal and the alerts use it.
package amount

import (
	"math"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// Of writes a value with its unit as the page does: with three significant digits at most and decimal prefixes. A number without
// a unit has its thousands apart.
func Of(v float64, unit panels.Unit) string {
	switch unit {
	case panels.Percent, panels.PercentOfCore:
		return fixed(v, 2, 1, 1) + " %"
	case panels.Bytes:
		return humanize.SIWithDigits(v, digitsOf(v), "B")
	case panels.BytesPerSecond:
		return humanize.SIWithDigits(v, digitsOf(v), "B/s")
	case panels.BitsPerSecond:
		return humanize.SIWithDigits(v, digitsOf(v), "bit/s")
	case panels.PerSecond:
		if math.Abs(v) < 1000 {
			return fixed(v, 2, 1, 0) + " /s"
		}
		return humanize.SIWithDigits(v, digitsOf(v), "/s")
	case panels.Load:
		return fixed(v, 2, 2, 2)
	case panels.Milliseconds:
		return fixed(v, 2, 1, 0) + " ms"
	case panels.Celsius:
		return fixed(v, 1, 1, 1) + " °C"
	case panels.Seconds, panels.Duration:
		return age(v)
	}
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		return humanize.Comma(int64(v))
	}
	return humanize.CommafWithDigits(v, 2)
}

// digitsOf is how many digits after the point make three significant ones, once a prefix is chosen.
func digitsOf(v float64) int {
	a := math.Abs(v)
	for a >= 999.5 {
		a /= 1000
	}
	switch {
	case a >= 99.5 || a == 0:
		return 0
	case a >= 9.95:
		return 1
	}
	return 2
}

// fixed writes a number with so many digits after the point: small for values below 1, middle for those below 100, large for all others.
// What is rounded to zero has no minus.
func fixed(v float64, small, middle, large int) string {
	places := large
	switch a := math.Abs(v); {
	case a < 0.995:
		places = small
	case a < 99.5:
		places = middle
	}
	text := strconv.FormatFloat(v, 'f', places, 64)
	if strings.Trim(text, "-0.") == "" {
		text = strings.TrimPrefix(text, "-")
	}
	return text
}

// age writes a time in the largest unit that fits.
func age(seconds float64) string {
	switch a := math.Abs(seconds); {
	case a != 0 && a < 0.9995:
		return strconv.FormatFloat(1000*seconds, 'g', 3, 64) + " ms"
	case a < 99.5:
		return strconv.FormatFloat(seconds, 'f', 1, 64) + " s"
	case a < 99.5*60:
		return strconv.FormatFloat(seconds/60, 'f', 0, 64) + " min"
	case a < 48*3600:
		return strconv.FormatFloat(seconds/3600, 'f', 0, 64) + " h"
	}
	return humanize.Comma(int64(math.Round(seconds/86400))) + " days"
}

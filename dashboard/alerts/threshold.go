package alerts

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// amount reads a threshold in a unit. A duration is a text such as 72h, everything else a number. If ok is false, it has noted what is wrong.
func (p *parser) amount(n node, unit panels.Unit) (v float64, ok bool) {
	if unit == panels.Duration {
		text, _ := n.value.(string)
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 || d > 400*24*time.Hour {
			p.wrong(n.path, "%s is not a duration above 0; use for example \"72h\"", n)
			return 0, false
		}
		return d.Seconds(), true
	}
	number, isNumber := n.value.(json.Number)
	v, err := strconv.ParseFloat(string(number), 64)
	switch {
	case unit == panels.Percent && (!isNumber || err != nil || v <= 0 || v > 100):
		p.wrong(n.path, "%s is not a percentage; use a number above 0 and up to 100, without quotes", n)
		return 0, false
	case !isNumber || err != nil || v <= 0 || v > 1e9:
		p.wrong(n.path, "%s is not a number above 0; use for example 5, without quotes", n)
		return 0, false
	}
	return v, true
}

// spoken writes an amount for people.
func spoken(v float64, unit panels.Unit) string {
	text := strconv.FormatFloat(v, 'f', -1, 64)
	switch unit {
	case panels.Percent:
		return text + " %"
	case panels.Duration:
		return spokenTime(time.Duration(v) * time.Second)
	default:
		return text
	}
}

// spokenTime writes a duration as short as a person would: 72h, not 72h0m0s.
func spokenTime(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = strings.TrimSuffix(text, zero[1:])
		}
	}
	return text
}

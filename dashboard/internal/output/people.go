package output

import (
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/panels"
)

// People returns a table of a panel's answer in which times, amounts and numbers are written for people: with their units, in the zone
// of the parameters' offset. The other formats are for programs and have the values as they are.
func People(w io.Writer, panel panels.Panel, params panels.Params) Output {
	metric, _ := panels.MetricOf(params.Metric)
	p := &people{
		tableOutput: newTable(w), zone: time.FixedZone(zoneName(params.Offset), int(params.Offset.Seconds())),
		units: map[string]panels.Unit{}, unitOf: map[string]string{}, by: map[string]panels.Dimension{},
	}
	for _, v := range panel.Values {
		unit := v.Unit
		if unit == panels.OfMetric {
			unit = metric.Unit
		}
		for _, column := range []string{v.Column, v.Low, v.High} {
			if _, set := p.units[column]; column != "" && !set {
				p.units[column] = unit
				p.unitOf[column] = v.UnitColumn
			}
		}
	}
	if panel.Kind == panels.Band {
		for _, column := range []string{"median", "low", "high"} {
			p.units[column] = metric.Unit
		}
	}
	for _, d := range []panels.Dimension{panels.ByTime, panels.ByDay, panels.ByHour, panels.ByWeekday} {
		p.by[string(d)] = d
	}
	if panel.Kind == panels.Marks {
		p.by["until"] = panels.ByTime
	}
	p.tableOutput.cell = p.cell
	return p
}

// people says how the values of columns are written.
type people struct {
	*tableOutput
	zone    *time.Location
	units   map[string]panels.Unit
	unitOf  map[string]string // name of the column that holds the unit, by the column's name
	by      map[string]panels.Dimension
	columns []panels.Column
	index   map[string]int
}

// Begin names the zone of the columns with times.
func (p *people) Begin(columns []panels.Column) error {
	p.columns, p.index = columns, map[string]int{}
	named := make([]panels.Column, len(columns))
	for i, c := range columns {
		p.index[c.Name] = i
		named[i] = c
		if p.units[c.Name] == panels.Time || p.by[c.Name] == panels.ByTime {
			named[i].Name += " (" + p.zone.String() + ")"
		}
	}
	return p.tableOutput.Begin(named)
}

func (p *people) cell(row []any, column int) (string, bool) {
	v, ok := number(row[column])
	if !ok {
		return "–", row[column] == nil
	}
	name := p.columns[column].Name
	switch p.by[name] {
	case panels.ByTime:
		return p.moment(v), true
	case panels.ByDay: // midnight by the viewer's clock, as if that were UTC
		return time.Unix(int64(v), 0).UTC().Format("Mon 2006-01-02"), true
	case panels.ByHour:
		return fmt.Sprintf("%02.0f:00", v), true
	case panels.ByWeekday: // 0 is Monday
		return time.Weekday((int(v) + 1) % 7).String()[:3], true
	}
	unit := p.units[name]
	if of := p.unitOf[name]; of != "" {
		if at, there := p.index[of]; there {
			unit = panels.Unit(fmt.Sprint(row[at]))
		}
	}
	if unit == panels.Time {
		return p.moment(v), true
	}
	return Amount(v, unit), true
}

func (p *people) moment(seconds float64) string {
	return time.UnixMilli(int64(math.Round(1000 * seconds))).In(p.zone).Format(time.DateTime)
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f, true
	}
	return 0, false
}

func zoneName(offset time.Duration) string {
	if offset == 0 {
		return "UTC"
	}
	sign := '+'
	if offset < 0 {
		sign, offset = '-', -offset
	}
	return fmt.Sprintf("UTC%c%02d:%02d", sign, int(offset.Hours()), int(offset.Minutes())%60)
}

// Amount writes a value with its unit as the page does: with three significant digits at most and decimal prefixes. A number without
// a unit has its thousands apart.
func Amount(v float64, unit panels.Unit) string {
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

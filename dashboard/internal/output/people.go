package output

import (
	"fmt"
	"io"
	"math"
	"math/big"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/dashboard/internal/amount"
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
	return amount.Of(v, unit), true
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
	return time.Unix(0, 0).In(time.FixedZone("", int(offset.Seconds()))).Format("UTC-07:00")
}

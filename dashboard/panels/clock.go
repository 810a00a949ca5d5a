package panels

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ClockChange is when the viewer's clock changes, because daylight saving begins or ends.
type ClockChange struct {
	At     time.Time
	Offset time.Duration // how far the clock is ahead of UTC from then on
}

// In returns the parameters with the clock of a time zone. It is right for the time range and for the week before its end, which some
// panels show if the range is shorter.
func (p Params) In(zone *time.Location) Params {
	at := p.Range.To.Add(-max(p.Range.To.Sub(p.Range.From), week)).In(zone)
	offset := func() time.Duration {
		_, s := at.Zone()
		return time.Duration(s) * time.Second
	}
	p.Offset, p.Changes = offset(), nil
	for _, at = at.ZoneBounds(); !at.IsZero() && at.Before(p.Range.To); _, at = at.ZoneBounds() {
		p.Changes = append(p.Changes, ClockChange{At: at.UTC(), Offset: offset()})
	}
	return p
}

// MaxChanges is the greatest number of changes of the clock. No zone of today changes more than four times a year.
const MaxChanges = 8

func (p Params) checkClock() error {
	if len(p.Changes) > MaxChanges {
		return fmt.Errorf("%d changes of the viewer's clock are given: at most %d are allowed", len(p.Changes), MaxChanges)
	}
	offsets := []time.Duration{p.Offset}
	for i, c := range p.Changes {
		if i > 0 && !c.At.After(p.Changes[i-1].At) {
			return errors.New("the changes of the clock must be in the order of their times")
		}
		offsets = append(offsets, c.Offset)
	}
	for _, offset := range offsets {
		if offset < -24*time.Hour || offset > 24*time.Hour {
			return errors.New("the offset must lie within a day of UTC")
		}
	}
	return nil
}

// offset is how far the viewer's clock is ahead of UTC at the time ts of a row, in seconds, as an SQL expression.
func (p Params) offset() string {
	offset := number(p.Offset.Seconds())
	if len(p.Changes) == 0 {
		return offset
	}
	var sql strings.Builder
	sql.WriteString("CASE")
	for _, c := range p.Changes {
		fmt.Fprintf(&sql, " WHEN ts < %s THEN %s", number(unix(c.At)), offset)
		offset = number(c.Offset.Seconds())
	}
	fmt.Fprintf(&sql, " ELSE %s END", offset)
	return sql.String()
}

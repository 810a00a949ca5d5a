package collect

import "time"

// Moment is the time of a reading on both clocks. The wall clock dates the sample; the monotonic one measures.
type Moment struct {
	Wall time.Time
	Mono time.Duration // since an arbitrary start
}

// Clock tells the time on both clocks. It is safe for concurrent use.
type Clock struct{ start time.Time }

// NewClock returns a clock that starts now.
func NewClock() Clock { return Clock{time.Now()} }

// Now returns the present moment.
func (c Clock) Now() Moment {
	now := time.Now()
	return Moment{Wall: now.Round(0), Mono: now.Sub(c.start)} // Round(0) strips the monotonic reading
}

// base remembers when counters were last read.
type base struct {
	interval time.Duration
	last     Moment
	set      bool
}

// advance makes at the new base and returns the seconds since the last one. It returns false if the new reading does not continue
// the last one, see [continues].
func (b *base) advance(at Moment) (seconds float64, ok bool) {
	ok = b.set && continues(b.last, at, b.interval)
	seconds = (at.Mono - b.last.Mono).Seconds()
	b.last, b.set = at, true
	return seconds, ok
}

// continues reports whether the difference of two readings is about the time between them. It returns false after a gap of more than 2.5
// intervals. It also returns false if the clocks disagree by more than an interval: then the wall clock was stepped, or (on Linux) the
// machine was suspended, which stops the monotonic clock.
func continues(last, at Moment, interval time.Duration) bool {
	elapsed := at.Mono - last.Mono
	if elapsed <= 0 || elapsed > interval*5/2 {
		return false
	}
	return (at.Wall.Sub(last.Wall) - elapsed).Abs() <= interval
}

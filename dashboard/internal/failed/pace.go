package failed

import (
	"context"
	"time"
)

// Pace limits what is sent, so that fresh samples get through as well.
type Pace struct {
	// BytesPerSecond is the mean over time. A stream takes 1 MiB/s in most regions.
	BytesPerSecond float64
	// Now and Sleep are the clock. Sleep returns an error if the context ends.
	Now   func() time.Time
	Sleep func(context.Context, time.Duration) error

	next  time.Time           // when the next batch may be sent
	hours map[int64]time.Time // when a sample of an hour was last sent
}

// Firehose holds a partition open for each hour of samples in its buffer, and gives up records beyond 500 of them (Firehose developer
// guide, "Dynamic partitioning"). Buffering takes at most 900 s, and one and a half times as long between stages ("Buffering hints").
const (
	maxHours   = 250
	hoursSpan  = 25 * time.Minute
	secondsInH = 3600
)

// takes reports whether samples of an hour can be sent now, without opening too many partitions. If not, it returns how long to wait.
func (p *Pace) takes(t time.Time) (wait time.Duration) {
	if t.IsZero() {
		return 0
	}
	now := p.Now()
	oldest := now
	for hour, sent := range p.hours {
		if now.Sub(sent) >= hoursSpan {
			delete(p.hours, hour)
		} else if sent.Before(oldest) {
			oldest = sent
		}
	}
	if _, open := p.hours[t.Unix()/secondsInH]; open || len(p.hours) < maxHours {
		return 0
	}
	return oldest.Add(hoursSpan).Sub(now)
}

// note notes that samples of an hour are about to be sent.
func (p *Pace) note(t time.Time) {
	if t.IsZero() {
		return
	}
	if p.hours == nil {
		p.hours = map[int64]time.Time{}
	}
	p.hours[t.Unix()/secondsInH] = p.Now()
}

// wait waits until a batch of so many bytes may be sent.
func (p *Pace) wait(ctx context.Context, bytes int) error {
	now := p.Now()
	if p.next.After(now) {
		if err := p.Sleep(ctx, p.next.Sub(now)); err != nil {
			return err
		}
		now = p.Now()
	}
	p.next = now.Add(time.Duration(float64(bytes) / p.BytesPerSecond * float64(time.Second)))
	return nil
}

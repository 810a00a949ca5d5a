package collect

import (
	"testing"
	"time"
)

func TestContinues(t *testing.T) {
	start := Moment{Wall: time.Date(2026, 2, 3, 4, 0, 0, 0, time.UTC), Mono: time.Hour}
	for name, c := range map[string]struct {
		wall, mono time.Duration
		want       bool
	}{
		"one interval":                       {3 * time.Second, 3 * time.Second, true},
		"a little late":                      {4 * time.Second, 4 * time.Second, true},
		"one tick left out":                  {6 * time.Second, 6 * time.Second, true},
		"two and a half intervals":           {7500 * time.Millisecond, 7500 * time.Millisecond, true},
		"a gap":                              {7600 * time.Millisecond, 7600 * time.Millisecond, false},
		"no time passed":                     {0, 0, false},
		"suspended, monotonic clock stopped": {8 * time.Hour, 3 * time.Second, false},
		"suspended, monotonic clock ran":     {8 * time.Hour, 8 * time.Hour, false},
		"clock slewed":                       {3100 * time.Millisecond, 3 * time.Second, true},
		"clock stepped forward":              {time.Hour, 3 * time.Second, false},
		"clock stepped back":                 {-time.Hour, 3 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			at := Moment{Wall: start.Wall.Add(c.wall), Mono: start.Mono + c.mono}
			if got := continues(start, at, 3*time.Second); got != c.want {
				t.Errorf("continues is %v, want %v", got, c.want)
			}
		})
	}
}

func TestBase(t *testing.T) {
	b := base{interval: 3 * time.Second}
	at := Moment{Wall: time.Unix(1.8e9, 0)}
	if _, ok := b.advance(at); ok {
		t.Error("the first reading continues something")
	}
	at.Wall, at.Mono = at.Wall.Add(4*time.Second), at.Mono+4*time.Second
	if seconds, ok := b.advance(at); !ok || seconds != 4 {
		t.Errorf("advance gives %v, %v, want 4, true", seconds, ok)
	}
	at.Wall, at.Mono = at.Wall.Add(-time.Hour), at.Mono+3*time.Second
	if _, ok := b.advance(at); ok {
		t.Error("a reading after a clock step continues the last")
	}
	at.Wall, at.Mono = at.Wall.Add(3*time.Second), at.Mono+3*time.Second
	if seconds, ok := b.advance(at); !ok || seconds != 3 {
		t.Errorf("after the new base advance gives %v, %v, want 3, true", seconds, ok)
	}
}

func TestClock(t *testing.T) {
	c := NewClock()
	a, b := c.Now(), c.Now()
	if b.Mono < a.Mono || a.Mono < 0 {
		t.Errorf("monotonic time went from %v to %v", a.Mono, b.Mono)
	}
	if d := time.Since(a.Wall).Abs(); d > time.Minute {
		t.Errorf("wall clock is off by %v", d)
	}
}

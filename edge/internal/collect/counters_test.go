package collect

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/metrics-dashboard/metrics-dashboard/record"
)

func TestDifferences(t *testing.T) {
	type readings = map[string]counters
	for name, c := range map[string]struct {
		prev, cur readings
		want      uint64 // of the first counter, summed
		ok        bool
	}{
		"two devices":             {readings{"a": {10}, "b": {5}}, readings{"a": {13}, "b": {9}}, 7, true},
		"nothing happened":        {readings{"a": {10}}, readings{"a": {10}}, 0, true},
		"one appears with a past": {readings{"a": {10}}, readings{"a": {11}, "b": {1e12}}, 1, true},
		"one disappears":          {readings{"a": {10}, "b": {1e12}}, readings{"a": {12}}, 2, true},
		"one is reset":            {readings{"a": {10}, "b": {7}}, readings{"a": {12}, "b": {1}}, 0, false},
		"a 32-bit counter wraps":  {readings{"a": {math.MaxUint32}}, readings{"a": {3}}, 0, false},
		"another one is replaced": {readings{"a": {10}}, readings{"b": {12}}, 0, false},
		"first reading":           {nil, readings{"a": {10}}, 0, false},
		"none":                    {readings{}, readings{}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			changes := differences(devices(c.prev), devices(c.cur))
			total, back := sum(changes)
			if ok := len(changes) > 0 && !back[0]; ok != c.ok || ok && total[0] != c.want {
				t.Errorf("differences give %v, %v, want %v, %v", total[0], ok, c.want, c.ok)
			}
		})
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct{ part, whole, want float64 }{
		{1, 4, 25}, {0, 4, 0}, {4.0000001, 4, 100}, {-1e-9, 4, 0},
	} {
		if got, ok := percent(c.part, c.whole).Get(); !ok || got != c.want {
			t.Errorf("percent(%v, %v) is %v, %v, want %v", c.part, c.whole, got, ok, c.want)
		}
	}
	for _, whole := range []float64{0, -1, math.NaN()} {
		if got, ok := percent(1, whole).Get(); ok {
			t.Errorf("percent of %v is %v, want absent", whole, got)
		}
	}
}

// TestDifferencesNeverRunBackwards: whatever two readings say, no difference exceeds the second one.
func TestDifferencesNeverRunBackwards(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		prev, cur := map[string]counters{}, map[string]counters{}
		for _, m := range []map[string]counters{prev, cur} {
			for _, name := range []string{"a", "b", "c"} {
				if rng.IntN(4) > 0 {
					m[name] = counters{rng.Uint64N(4), rng.Uint64N(4)}
				}
			}
		}
		if total, _ := sum(differences(devices(prev), devices(cur))); total[0] > 9 || total[1] > 9 {
			t.Fatalf("%v to %v makes %v", prev, cur, total)
		}
	}
}

func devices(of map[string]counters) map[string]device {
	all := map[string]device{}
	for name, c := range of {
		all[name] = device{name: name, counters: c}
	}
	return all
}

// TestOneCounterGoesBack: only its own sum is marked.
func TestOneCounterGoesBack(t *testing.T) {
	prev := map[string]device{"a": {name: "a", counters: counters{100, 50, 7}}, "b": {name: "b", counters: counters{10, 10, 10}}}
	cur := map[string]device{"a": {name: "a", counters: counters{130, 49, 9}}, "b": {name: "b", counters: counters{11, 12, 13}}}
	total, back := sum(differences(prev, cur))
	if back != (backwards{1: true}) || total[0] != 31 || total[2] != 5 {
		t.Errorf("sum is %v, backwards %v", total, back)
	}
}

func check(t *testing.T, name string, got record.Float, want float64) {
	t.Helper()
	if v, ok := got.Get(); !ok || v < want-1e-9 || v > want+1e-9 {
		t.Errorf("%s is %v, present %v, want %v", name, v, ok, want)
	}
}

func absent[T any](t *testing.T, name string, got record.Optional[T]) {
	t.Helper()
	if v, ok := got.Get(); ok {
		t.Errorf("%s is %v, want it absent", name, v)
	}
}

package fault

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	const text = "throttle=0.1,partial=0.2,error=0.05,drop=1,latency=200ms"
	got, err := Parse(text)
	want := Rates{Throttle: 0.1, Partial: 0.2, Error: 0.05, Drop: 1, Latency: 200 * time.Millisecond}
	if err != nil || got != want {
		t.Errorf("have %+v, %v", got, err)
	}
	if got.String() != text || (Rates{Drop: 1}).String() != "drop=1" || (Rates{}).String() != "" {
		t.Errorf("have %v", got)
	}
	if got, err := Parse(""); err != nil || got != (Rates{}) {
		t.Errorf("have %+v, %v", got, err)
	}
	for text, want := range map[string]string{
		"throttle":                  `throttle="": want a share from 0 to 1`,
		"throttle=2":                `throttle="2"`,
		"throttle=-1":               `throttle="-1"`,
		"throttle=0_1":              `throttle="0_1"`,
		"throttle=NaN":              `throttle="NaN"`,
		"partial=x":                 `partial="x"`,
		"latency=5":                 `latency="5": want a duration`,
		"latency=-1s":               `latency="-1s"`,
		"latency=1h":                `latency="1h"`,
		"explode=1":                 `"explode=1": want throttle, partial`,
		"drop=0.1,":                 `"": want throttle`,
		"drop=0.1,error=1,drop=0.2": "drop is given twice",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: have %v, want %s", text, err, want)
		}
	}
}

// TestRates counts outcomes. The seed is fixed, so that the counts are the same in each run.
func TestRates(t *testing.T) {
	const calls = 10_000
	i := New(Rates{Throttle: 0.1, Error: 0.2, Drop: 0.4, Partial: 0.3}, 1)
	var outcomes [6]int
	for range calls {
		outcomes[i.Call()]++
	}
	share := func(n int) float64 { return float64(n) / calls }
	near := func(name string, have, want float64) {
		if have < want-0.02 || have > want+0.02 {
			t.Errorf("%s: a share of %.3f, want about %.3f", name, have, want)
		}
	}
	near("throttle", share(outcomes[Throttle]), 0.1)
	near("error", share(outcomes[ErrorBefore]+outcomes[ErrorAfter]), 0.9*0.2)
	near("error after", share(outcomes[ErrorAfter]), 0.9*0.1)
	near("drop", share(outcomes[DropBefore]+outcomes[DropAfter]), 0.9*0.8*0.4)
	partial := 0
	for range calls {
		failed := i.Entries(3)
		if failed == nil {
			continue
		}
		partial++
		if len(failed) != 3 || !slices.Contains(failed, true) {
			t.Fatalf("have %v, want three entries, at least one of them failed", failed)
		}
	}
	near("partial", share(partial), 0.3)
	if i.Entries(0) != nil {
		t.Error("an entry of an empty batch fails")
	}
}

func TestNoFaults(t *testing.T) {
	i := New(Rates{}, 1)
	for range 1000 {
		if i.Call() != Answer || i.Entries(500) != nil || i.Latency() != 0 {
			t.Fatal("a fault although all rates are 0")
		}
	}
}

// Package fault makes the local stack fail on purpose, the ways AWS does: throttled calls, failed entries of a batch,
// internal errors, connections that end without an answer, latency. The same seed and the same order of requests give the
// same faults.
package fault

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/metrics-dashboard/metrics-dashboard/record/jsonscan"
)

// Rates say how often what goes wrong. The zero value is none at all.
type Rates struct {
	Throttle float64       // share of calls that are refused as too many, 0 to 1
	Partial  float64       // share of PutRecordBatch calls of which some entries fail, 0 to 1
	Error    float64       // share of calls answered with an internal error, half of them after doing their work
	Drop     float64       // share of calls whose connection ends without an answer, half of them after doing their work
	Latency  time.Duration // what every call takes longer
}

// String writes the rates as Parse reads them, those that are 0 left out.
func (r Rates) String() string {
	var parts []string
	share := func(name string, v float64) {
		if v != 0 {
			parts = append(parts, name+"="+strconv.FormatFloat(v, 'f', -1, 64))
		}
	}
	share("throttle", r.Throttle)
	share("partial", r.Partial)
	share("error", r.Error)
	share("drop", r.Drop)
	if r.Latency != 0 {
		parts = append(parts, "latency="+r.Latency.String())
	}
	return strings.Join(parts, ",")
}

// MaxLatency is the longest latency; the SDKs give up before.
const MaxLatency = time.Minute

// Parse reads rates as the flag has them: throttle=0.1,partial=0.2,error=0.05,drop=0.05,latency=200ms.
func Parse(text string) (Rates, error) {
	var r Rates
	if text == "" {
		return r, nil
	}
	shares := map[string]*float64{"throttle": &r.Throttle, "partial": &r.Partial, "error": &r.Error, "drop": &r.Drop}
	seen := make(map[string]bool)
	for pair := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(pair, "=")
		share, isShare := shares[name]
		if seen[name] {
			return r, fmt.Errorf("%s is there twice", name)
		}
		seen[name] = true
		switch {
		case name == "latency":
			d, err := time.ParseDuration(value)
			if err != nil || d < 0 || d > MaxLatency {
				return r, fmt.Errorf("latency=%q: want a duration from 0s to %v, such as 200ms", value, MaxLatency)
			}
			r.Latency = d
		case isShare:
			v, err := jsonscan.ParseFloat([]byte(value))
			if err != nil || !(v >= 0 && v <= 1) {
				return r, fmt.Errorf("%s=%q: want a share from 0 to 1, such as 0.1", name, value)
			}
			*share = v
		default:
			return r, fmt.Errorf("%q: want throttle, partial, error, drop or latency, such as throttle=0.1,latency=200ms", pair)
		}
	}
	return r, nil
}

// Outcome is what becomes of a call.
type Outcome int

// The outcomes. The ones that end After have done the call's work when they fail.
const (
	Answer Outcome = iota
	Throttle
	ErrorBefore
	ErrorAfter
	DropBefore
	DropAfter
)

// Injector decides what goes wrong. It is safe for concurrent use.
type Injector struct {
	rates Rates

	mu      sync.Mutex // guards calls and entries
	calls   *rand.Rand
	entries *rand.Rand
}

// New returns an injector.
func New(rates Rates, seed uint64) *Injector {
	return &Injector{
		rates: rates,
		calls: rand.New(rand.NewPCG(seed, 1)),
		// Its own sequence, so that a batch more or less does not change what happens to calls.
		entries: rand.New(rand.NewPCG(seed, 2)),
	}
}

// Latency is how much longer every call takes.
func (i *Injector) Latency() time.Duration { return i.rates.Latency }

// Call decides what becomes of the next call.
func (i *Injector) Call() Outcome {
	i.mu.Lock()
	defer i.mu.Unlock()
	throttle, failed, dropped := i.calls.Float64(), i.calls.Float64(), i.calls.Float64()
	after := i.calls.Float64() < 0.5
	switch {
	case throttle < i.rates.Throttle:
		return Throttle
	case failed < i.rates.Error && after:
		return ErrorAfter
	case failed < i.rates.Error:
		return ErrorBefore
	case dropped < i.rates.Drop && after:
		return DropAfter
	case dropped < i.rates.Drop:
		return DropBefore
	}
	return Answer
}

// Entries decides which of the n entries of a batch fail; nil where none does. Where some do, it is about half of them and
// at least one.
func (i *Injector) Entries(n int) []bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if n == 0 || i.entries.Float64() >= i.rates.Partial {
		return nil
	}
	failed := make([]bool, n)
	for k := range failed {
		failed[k] = i.entries.Float64() < 0.5
	}
	failed[i.entries.IntN(n)] = true
	return failed
}

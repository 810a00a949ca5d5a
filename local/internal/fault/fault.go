// Package fault makes the local stack fail on purpose, in the ways that AWS fails: throttled calls, failed entries of a batch, internal
// errors, connections that end without an answer, latency. The same seed and the same order of requests give the same faults.
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

// Rates say how often each fault happens. The zero value means no faults. A share is from 0 to 1.
type Rates struct {
	Throttle float64       // share of calls that are refused as throttled
	Partial  float64       // share of PutRecordBatch calls in which some entries fail
	Error    float64       // share of calls answered with an internal error, half of them after they did their work
	Drop     float64       // share of calls whose connection ends without an answer, half of them after they did their work
	Latency  time.Duration // added to each call
}

// String returns the rates in the form that Parse reads, without those that are 0.
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

// MaxLatency is the longest latency. The SDKs give up earlier.
const MaxLatency = time.Minute

// Parse reads rates in the form of the flag: throttle=0.1,partial=0.2,error=0.05,drop=0.05,latency=200ms.
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
			return r, fmt.Errorf("%s is given twice; give it once", name)
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

// Outcome says how a call ends.
type Outcome int

// The outcomes. Those whose names end in After fail after the call did its work.
const (
	Answer Outcome = iota
	Throttle
	ErrorBefore
	ErrorAfter
	DropBefore
	DropAfter
)

// Injector decides which calls fail. It is safe for concurrent use.
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
		// Entries have a sequence of their own: the number of batches does not change what happens to calls.
		entries: rand.New(rand.NewPCG(seed, 2)),
	}
}

// Latency returns the latency to add to each call.
func (i *Injector) Latency() time.Duration { return i.rates.Latency }

// Call decides the outcome of the next call.
func (i *Injector) Call() Outcome {
	i.mu.Lock()
	defer i.mu.Unlock()
	throttle := i.calls.Float64() < i.rates.Throttle
	fail := i.calls.Float64() < i.rates.Error
	drop := i.calls.Float64() < i.rates.Drop
	after := i.calls.Float64() < 0.5
	switch {
	case throttle:
		return Throttle
	case fail && after:
		return ErrorAfter
	case fail:
		return ErrorBefore
	case drop && after:
		return DropAfter
	case drop:
		return DropBefore
	}
	return Answer
}

// Entries decides which of the n entries of a batch fail: either none of them, and the result is nil, or about half of them and at
// least one.
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

package simulation

import (
	"fmt"
	"time"
)

// Fleet is machines that are simulated together. Hosts of equal fleets give equal samples if they are asked for equal times.
type Fleet struct {
	Seed  uint64
	Start time.Time     // of the simulation
	About time.Duration // in which a [Dying] machine dies
}

// Machine is what is chosen of a simulated machine. Everything else follows from the fleet's seed and the machine's number.
type Machine struct {
	Name string
	Role Role
	Env  string
	Tags map[string]string
	// Story goes wrong all the time, Episodes at given times, on top of it.
	Story    Story
	Episodes []Episode
}

// Usual returns the n-th machine of a usual fleet, from 0 on: most machines lead an uneventful life, and each story is told
// from a dozen machines on.
func Usual(n int) Machine {
	env := "prod"
	switch n % 10 {
	case 8:
		env = "staging"
	case 9:
		env = "dev"
	}
	role := Role(n % len(kinds))
	return Machine{
		Name: fmt.Sprintf("%s-%02d", role, n/len(kinds)+1), Role: role, Env: env,
		Tags: map[string]string{"team": []string{"core", "data", "shop"}[n%3], "zone": string(rune('a' + n%3))},
		// 13 shares no factor with the number of roles, so that each story meets each role.
		Story: [...]Story{1: FillingUp, 3: Leaking, 5: NoisyNeighbour, 7: Flaky, 9: Skewed, 11: Dying, 12: Uneventful}[n%13],
	}
}

// Host returns the n-th machine of the usual fleet.
func (f Fleet) Host(n int) *Host { return f.New(n, Usual(n)) }

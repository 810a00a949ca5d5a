package simulation

import (
	"fmt"
	"time"
)

// Fleet is machines that are simulated together. Equal fleets give equal samples at equal times.
type Fleet struct {
	Seed  uint64
	Start time.Time     // of the simulation
	About time.Duration // how long the simulation takes; a [Dying] machine dies after 85 % of it
}

// Machine is what a caller chooses of a simulated machine. Everything else follows from the fleet's seed and the machine's
// number.
type Machine struct {
	Name string
	Role Role
	Env  string
	Tags map[string]string
	// Story says what goes wrong again and again. Episodes happen besides, at the times they name.
	Story    Story
	Episodes []Episode
}

// Usual returns the n-th machine of a usual fleet; n begins at 0. Nothing goes wrong with most machines. A fleet of 12 machines
// or more has every story.
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

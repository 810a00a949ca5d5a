// Package fleet puts the samples of simulated machines through the real protocol in real packs, in real time or for past days.
// There is something to look at, then, without owning a hundred machines.
//
// The machines are those of package simulation. The same seed, hosts and times give the same samples.
package fleet

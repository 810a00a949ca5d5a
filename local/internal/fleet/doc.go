// Package fleet simulates machines: believable, seeded samples of many hosts, in real time or for past days, put through the
// real protocol in real packs. There is something to look at, then, without owning a hundred machines.
//
// It is not the collector: it reads nothing. The same seed, hosts and times give the same samples.
package fleet

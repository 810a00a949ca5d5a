// Package simulation simulates machines: believable, seeded samples of many hosts over days, and the truth about what goes
// wrong with them and when. `local fleet`, fixtures of tests and benchmarks use it.
//
// It reads no machine and knows no clock: it takes samples at the times it is given. It does not pack, put or write them.
package simulation

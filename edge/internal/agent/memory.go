package agent

import "runtime/debug"

// The collector's live heap is about 2 MB, so that what it takes is decided by when it is collected: the runtime's least
// heap goal of 4 MB at GOGC=100 is scaled down. BenchmarkFootprint measures what that brings and costs. GOGC and GOMEMLIMIT
// in the environment do not win over this; nothing in them would be of use.
const (
	gcPercent   = 40
	memoryLimit = 24 << 20
)

// saveMemory tells the runtime to prefer little memory to little CPU time.
func saveMemory() {
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryLimit)
}

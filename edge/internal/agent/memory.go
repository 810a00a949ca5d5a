package agent

import "runtime/debug"

// The collector's live heap is below 2 MB, so that what it takes is decided by when it is collected: the runtime's least heap
// goal of 4 MB at GOGC=100 is scaled down with it. Measured by BenchmarkFootprint, 40 takes 0.9 MB off what is resident and
// 20 another 0.3 MB, at a CPU time that does not differ. What remains is the runtime's and the mapped pages of the binary.
const (
	gcPercent   = 40
	memoryLimit = 24 << 20
)

// saveMemory tells the runtime to prefer little memory to little CPU time.
func saveMemory() {
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryLimit)
}

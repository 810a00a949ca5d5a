package agent

import (
	"runtime"
	"runtime/debug"
	"time"
)

// The collector's live heap is about 1 MB, so that what it takes is decided by when it is collected: the runtime's least heap
// goal of 4 MB at GOGC=100 is scaled down with it. Measured by BenchmarkFootprint's means, 40 takes about 1 MB off the most
// that is resident, 20 no more, at a CPU time that does not differ. What remains is the runtime's and the mapped pages of
// the binary.
const (
	gcPercent   = 40
	memoryLimit = 24 << 20
	// startOver is when the first samples are delivered and what starting took, such as the system's root certificates, is
	// needed no more. Given back at once it is 0.3 MB less; the runtime by itself keeps it.
	startOver = 90 * time.Second
)

// saveMemory tells the runtime to prefer little memory to little CPU time, and one core to many. A collector does a
// millisecond's work every few seconds: with more than one core to run on, the runtime wakes a second thread for each file
// that is opened, and keeps caches for each core of the machine.
func saveMemory() {
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryLimit)
	runtime.GOMAXPROCS(1)
	time.AfterFunc(startOver, debug.FreeOSMemory)
}

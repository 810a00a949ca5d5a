package run

import (
	"runtime"
	"runtime/debug"
	"time"
)

// The live heap is about 1 MB, so memory depends mostly on when the garbage collector runs. At GOGC=100 it runs at 4 MB or later; other
// values scale that. BenchmarkFootprint shows that 40 saves about 1 MB of resident memory, that 20 saves no more, and that the CPU time
// does not change. The rest of the memory is the runtime and the mapped pages of the binary.
const (
	gcPercent = 40
	// The nearer the runtime's memory comes to memoryLimit, the more often the garbage collector runs.
	memoryLimit = 24 << 20
	// After startupTime, edge returns the memory that only the start needed, for example for the system's root certificates; the runtime
	// would keep it. By then most collectors have sent their first request. It saves 0.3 MB. Unmapping the binary saves another 2 MB.
	startupTime = 90 * time.Second
)

// saveMemory makes the runtime use less memory and only one core. The collector works for a millisecond every few seconds. With more
// cores, the runtime wakes a second thread for each file that is opened, and keeps caches for each core of the machine.
func saveMemory() {
	debug.SetGCPercent(gcPercent)
	debug.SetMemoryLimit(memoryLimit)
	runtime.GOMAXPROCS(1)
	time.AfterFunc(startupTime, func() {
		debug.FreeOSMemory()
		unmapBinary()
	})
}

//go:build !linux

package collect

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/shirou/gopsutil/v3/cpu"
	psdisk "github.com/shirou/gopsutil/v3/disk"
	pshost "github.com/shirou/gopsutil/v3/host"
	psload "github.com/shirou/gopsutil/v3/load"
	"github.com/shirou/gopsutil/v3/mem"
	"github.com/shirou/gopsutil/v3/net"
	"github.com/shirou/gopsutil/v3/process"
)

// readings reads what changes from sample to sample.
type readings struct{}

func newReadings(Roots) *readings { return &readings{} }

// cpuTicks is how many units of CPU time make a second.
const cpuTicks = 1e6

// cpuTimes returns the CPU times since boot: first those of all cores together, then, if the system has them, those of each.
func (*readings) cpuTimes(ctx context.Context) ([]device, error) {
	times, err := cpu.TimesWithContext(ctx, false)
	if err != nil {
		return nil, err
	}
	if len(times) == 0 {
		return nil, errors.New("no CPU times")
	}
	if cores, err := cpu.TimesWithContext(ctx, true); err == nil {
		times = append(times[:1], cores...)
	}
	devices := make([]device, len(times))
	for i, t := range times {
		devices[i].name = t.CPU
		for place, seconds := range map[int]float64{
			cpuUser: t.User, cpuNice: t.Nice, cpuSystem: t.System, cpuIdle: t.Idle, cpuIOWait: t.Iowait, cpuIRQ: t.Irq,
			cpuSoftIRQ: t.Softirq, cpuSteal: t.Steal,
		} {
			devices[i].counters[place] = uint64(seconds * cpuTicks)
		}
	}
	return devices, nil
}

func (*readings) uptime(ctx context.Context) (int64, error) {
	seconds, err := pshost.UptimeWithContext(ctx)
	return int64(seconds), err
}

// networkCounters returns the counters of all interfaces.
func (*readings) networkCounters(ctx context.Context) ([]device, error) {
	stats, err := net.IOCountersWithContext(ctx, true)
	devices := make([]device, 0, len(stats))
	for _, st := range stats {
		devices = append(devices, device{name: st.Name, counters: counters{
			netSentBytes: st.BytesSent, netRecvBytes: st.BytesRecv, netSentPackets: st.PacketsSent, netRecvPackets: st.PacketsRecv,
			netErrIn: st.Errin, netErrOut: st.Errout, netDropIn: st.Dropin, netDropOut: st.Dropout,
		}})
	}
	return devices, err
}

// diskCounters returns the counters of all disks.
func (*readings) diskCounters(ctx context.Context) ([]device, error) {
	stats, err := psdisk.IOCountersWithContext(ctx)
	devices := make([]device, 0, len(stats))
	for name, st := range stats {
		devices = append(devices, device{name: name, counters: counters{
			diskReadBytes: st.ReadBytes, diskWriteBytes: st.WriteBytes, diskReadOps: st.ReadCount, diskWriteOps: st.WriteCount,
			diskBusyMillis: st.IoTime, diskReadMillis: st.ReadTime, diskWriteMillis: st.WriteTime,
		}})
	}
	return devices, err
}

// memoryState returns the state of memory and swap, in bytes.
func (*readings) memoryState(ctx context.Context) (*mem.VirtualMemoryStat, error) {
	m, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return nil, err
	}
	swap, err := mem.SwapMemoryWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("swap: %w", err)
	}
	m.SwapTotal, m.SwapFree = swap.Total, swap.Free
	return m, nil
}

func (*readings) loadAverages(ctx context.Context) (*psload.AvgStat, error) {
	return psload.AvgWithContext(ctx)
}

func (*readings) processes(ctx context.Context) (int, error) {
	pids, err := process.PidsWithContext(ctx)
	return len(pids), err
}

// kernelFile lets code for Linux's files compile on other systems, which do not have them.
type kernelFile struct{ path string }

func newKernelFile(path string) *kernelFile { return &kernelFile{path} }

func (f *kernelFile) begin() ([]byte, error) { return os.ReadFile(f.path) }

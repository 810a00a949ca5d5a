// Linux only: it reads the memory, the CPU clock and the writes of the collector in /proc.

package e2e

import (
	"bufio"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/cloud/cloudtest"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/spool"
	"github.com/metrics-dashboard/metrics-dashboard/edge/internal/status"
	"github.com/metrics-dashboard/metrics-dashboard/record/testenv"
)

// runEdge starts the real collector and returns once it has taken its first sample. The collector trusts the certificates in the file
// bundle, or those of the system if bundle is "".
func runEdge(tb testing.TB, path, endpoint, bundle, dir string, args ...string) (c *exec.Cmd, lines <-chan string) {
	tb.Helper()
	c = exec.Command(path, append([]string{"run", "--stream", "the-stream", "--region", "eu-north-1", "--spool-dir", dir}, args...)...)
	c.Env = testenv.Environ(tb, "AWS_ENDPOINT_URL="+endpoint, "AWS_CA_BUNDLE="+bundle, "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b")
	out, err := c.StderrPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := c.Start(); err != nil {
		tb.Fatal(err)
	}
	said := make(chan string, 1000)
	go func() {
		defer close(said)
		for s := bufio.NewScanner(out); s.Scan(); {
			said <- s.Text()
		}
	}()
	for line := range said {
		if strings.Contains(line, "first sample taken") {
			return c, said
		}
	}
	tb.Fatal("edge ended before its first sample")
	return nil, nil
}

// TestRealCollectorKilled: after the real binary is killed, each of its samples is delivered or in its spool.
func TestRealCollectorKilled(t *testing.T) {
	t.Parallel()
	path, dir := build(t), t.TempDir()
	s := cloudtest.New(t)
	h := httptest.NewServer(s)
	defer h.Close()
	for range 3 {
		c, _ := runEdge(t, path, h.URL, "", dir, "--interval", "1s", "--max-latency", "1s")
		<-s.Arrived // it has delivered and takes the next sample
		_ = c.Process.Kill()
		_ = c.Wait() // it was killed
	}
	q, err := spool.Open(spool.Options{FS: spool.Dir(dir), MaxBytes: spool.MinBytes, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = q.Close() }()
	seen := s.Counts()
	for i := range drain(t, q) {
		seen[i]++
	}
	next := map[string]int64{}
	for i := range seen {
		next[i.Session] = max(next[i.Session], i.Seq+1)
	}
	total := 0
	for session, n := range next {
		total += int(n)
		for seq := range n {
			if seen[cloudtest.ID{Session: session, Seq: seq}] == 0 {
				t.Errorf("sample %d of %d is missing", seq, n)
			}
		}
	}
	if len(next) != 3 || total != len(seen) {
		t.Errorf("%d sessions, %d of %d samples", len(next), len(seen), total)
	}
}

// bundle writes a file with a server's certificate and those of the system.
func bundle(b *testing.B, h *httptest.Server) string {
	b.Helper()
	var certificates []byte
	for _, system := range []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"} {
		if text, err := os.ReadFile(system); err == nil {
			certificates = text
			break
		}
	}
	certificates = append(certificates, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.Certificate().Raw})...)
	path := filepath.Join(b.TempDir(), "ca.pem")
	if err := os.WriteFile(path, certificates, 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

// BenchmarkFootprint runs the real binary at its defaults for EDGE_FOOTPRINT, or 20 s, and reports its use of memory, CPU and disk:
// without details, and with details beside 300 and 5,000 more processes that are idle. Use -benchtime 1x, and at least 5m for figures to
// quote.
func BenchmarkFootprint(b *testing.B) {
	path := build(b)
	for _, c := range []struct {
		name string
		idle int
		args []string
	}{
		{"details=off/processes=300", 300, []string{"--detail-interval", "0"}},
		{"details=60s/processes=300", 300, nil},
		{"details=off/processes=5000", 5000, []string{"--detail-interval", "0"}},
		{"details=60s/processes=5000", 5000, nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			idle(b, c.idle)
			footprint(b, path, c.args...)
		})
	}
}

// idle starts processes that do nothing until the benchmark ends.
func idle(b *testing.B, n int) {
	b.Helper()
	for range n {
		c := exec.Command("sleep", "infinity")
		if err := c.Start(); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			_ = c.Process.Kill()
			_ = c.Wait() // it was killed
		})
	}
}

func footprint(b *testing.B, path string, args ...string) {
	length := 20 * time.Second
	if text := os.Getenv("EDGE_FOOTPRINT"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			b.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	for range b.N {
		s := cloudtest.New(b)
		h := httptest.NewTLSServer(s) // TLS as with AWS: it is part of the cost
		dir := b.TempDir()
		c, said := runEdge(b, path, h.URL, bundle(b, h), dir, args...)
		go func() {
			for range said { // so that edge never waits for a reader of its output
			}
		}()
		<-s.Arrived // measure after the start, which costs more
		cpu, written := cpuSeconds(b, c.Process.Pid), procValue(b, c.Process.Pid, "io", "write_bytes")
		most, before, begin := int64(0), taken(b, dir), time.Now()
		for ; time.Since(begin) < length; time.Sleep(time.Second) {
			most = max(most, procValue(b, c.Process.Pid, "status", "VmRSS"))
		}
		// On the grid, this is 0, or 1 at most.
		b.ReportMetric(time.Since(begin).Seconds()/3-float64(taken(b, dir)-before), "samples-left-out")
		seconds := cpuSeconds(b, c.Process.Pid) - cpu
		b.ReportMetric(float64(procValue(b, c.Process.Pid, "status", "VmRSS"))/1000, "MB-resident")
		b.ReportMetric(float64(most)/1000, "MB-resident-most")
		b.ReportMetric(float64(procValue(b, c.Process.Pid, "status", "RssAnon"))/1000, "MB-anonymous")
		b.ReportMetric(seconds/length.Hours(), "CPU-s/hour")
		b.ReportMetric(float64(procValue(b, c.Process.Pid, "io", "write_bytes")-written)/1000/length.Minutes(), "disk-kB/minute")
		b.ReportMetric(float64(info.Size())/1e6, "MB-binary")
		s.Mu.Lock()
		b.ReportMetric(float64(s.Requests-1)/length.Minutes(), "requests/minute")
		s.Mu.Unlock()
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			b.Fatal(err)
		}
		if err := c.Wait(); err != nil {
			b.Errorf("edge ended: %v", err)
		}
		h.Close()
	}
}

// taken returns how many samples the collector took.
func taken(tb testing.TB, dir string) int64 {
	tb.Helper()
	report, err := status.Fetch(tb.Context(), status.Socket(dir))
	if err != nil {
		tb.Fatal(err)
	}
	return report.Samples.Taken
}

// procValue reads a number from a file in /proc: kB in status, bytes in io.
func procValue(tb testing.TB, pid int, file, key string) int64 {
	tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, key+":"); ok {
			n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				tb.Fatal(err)
			}
			if file == "status" {
				n = n * 1024 / 1000
			}
			return n
		}
	}
	tb.Fatalf("no %s in /proc/%d/%s", key, pid, file)
	return 0
}

// cpuSeconds returns the CPU time of a process, user and system. It reads the process's CPU clock, because /proc/<pid>/stat has only
// hundredths of a second.
func cpuSeconds(tb testing.TB, pid int) float64 {
	tb.Helper()
	const cpuClock = 2 // of all threads: CPUCLOCK_SCHED of the kernel
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|cpuClock), &ts); err != nil {
		tb.Fatalf("CPU clock of process %d: %v", pid, err)
	}
	return time.Duration(ts.Nano()).Seconds()
}

// maxBinaryBytes is the largest size of a release's binary for this platform.
const maxBinaryBytes = 12e6

// TestBinarySize: a new dependency, or a new version of one, must not add megabytes to the binary.
func TestBinarySize(t *testing.T) {
	t.Parallel()
	info, err := os.Stat(build(t))
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > maxBinaryBytes {
		t.Errorf("the binary has %d bytes, more than %.0f; go tool nm -size -sort size shows of what", info.Size(), maxBinaryBytes)
	}
	out, err := exec.Command("go", "list", "-deps", "../..").Output()
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range strings.Lines(string(out)) {
		if strings.HasSuffix(strings.TrimSpace(pkg), "/schemas") {
			t.Errorf("edge imports %s again, see go.mod", pkg)
		}
	}
}

// BenchmarkGrowth runs a collector's parts a hundred times faster than the defaults for EDGE_GROWTH, or 5 s: 36s are an hour at the
// usual pace, 1h is four days. It reports heap and goroutines after the first fifth and at the end; they should be equal. Use
// -benchtime 1x.
func BenchmarkGrowth(b *testing.B) {
	length := 5 * time.Second
	if text := os.Getenv("EDGE_GROWTH"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			b.Fatal(err)
		}
	}
	for range b.N {
		s := cloudtest.New(b)
		s.DropPuts = true
		h := httptest.NewServer(s)
		end := startFast(b, h.URL)
		time.Sleep(length / 5)
		heap, goroutines := measure()
		time.Sleep(length * 4 / 5)
		heapLater, goroutinesLater := measure()
		b.ReportMetric(float64(heap)/1e6, "MB-heap-early")
		b.ReportMetric(float64(heapLater)/1e6, "MB-heap-late")
		b.ReportMetric(float64(goroutines), "goroutines-early")
		b.ReportMetric(float64(goroutinesLater), "goroutines-late")
		end()
		h.Close()
	}
}

// measure returns the lowest of twenty values in a second, so that requests under way do not count.
func measure() (heap uint64, goroutines int) {
	heap, goroutines = math.MaxUint64, math.MaxInt
	for range 20 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		heap, goroutines = min(heap, m.HeapAlloc), min(goroutines, runtime.NumGoroutine())
		time.Sleep(50 * time.Millisecond)
	}
	return heap, goroutines
}
